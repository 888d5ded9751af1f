"""Writes plain JSON at once, after a look that costs less than a walk and bounds what the writer may meet."""

from __future__ import annotations

from math import isfinite
from types import NoneType
from typing import Any

import orjson

from sandbox.state.plain import is_plain_json

__all__ = ["CONTAINERS", "SCALARS", "STRICT", "is_uniform", "write_at_once"]

MOST_PARTS = 500_000
DEEPEST = 64
LONG_LIST = 32  # from here on, numbers and texts are looked at all at once
SCALARS = frozenset({str, int, float, bool, NoneType})
CONTAINERS = frozenset({dict, list})
STRICT = orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_SUBCLASS


def write_at_once(value: object, option: int) -> bytes | None:
    """Write a value if it is plain JSON, else give None.

    Keys, texts that no encoding can hold and very large numbers are left to the writer, which refuses them:
    then the look that misses nothing decides.
    """
    # Asked before the writer is, which would follow a small graph with an exponential unfolding to its end.
    if not _is_plain(value):
        return None
    try:
        return orjson.dumps(value, option=option | STRICT)
    except orjson.JSONEncodeError:
        return orjson.dumps(value, option=option) if is_plain_json(value, max_nodes=MOST_PARTS) else None


def _is_plain(value: object) -> bool:
    """Go through a value level by level, all but its keys: one of each object has to do."""
    nodes = 1
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        kinds = {*map(type, level)}
        if float in kinds and not _are_finite(level):
            return False
        kinds -= SCALARS
        if not kinds:
            return True
        if not kinds <= CONTAINERS:
            return False
        deeper: list[Any] = []
        for part in level:
            if type(part) in SCALARS:
                continue
            nodes += len(part)
            if nodes > MOST_PARTS:
                return False
            if type(part) is dict:
                if part and type(next(iter(part))) is not str:
                    return False
                deeper += part.values()
            elif not is_uniform(part):
                deeper += part
        level = deeper
    return False


def _are_finite(level: list[Any]) -> bool:
    numbers = [part for part in level if type(part) is float]
    return isfinite(sum(numbers)) or all(map(isfinite, numbers))


def is_uniform(part: list[Any]) -> bool:
    """Tell whether a long list holds nothing but finite numbers, or texts: only these have such a sum.

    What is of a subclass of theirs has one too, and the writer refuses it.
    """
    if len(part) < LONG_LIST:
        return False
    first = type(part[0])
    try:
        return (first is float and isfinite(sum(part))) or (first is str and "".join(part) is not None)
    except (TypeError, ValueError, ArithmeticError):
        return False
