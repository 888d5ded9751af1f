"""What counts as plain JSON, and a walk that finds out in bounded time."""

from __future__ import annotations

import math
from typing import Any

from sandbox.json_path import json_path

__all__ = ["CHARACTERS_PER_NODE", "MAX_INTEGER", "MAX_NODES", "is_plain_json", "plain_json_problem"]

MAX_INTEGER = 2**63 - 1
MAX_NODES = 50_000
CHARACTERS_PER_NODE = 20
LONG_LIST = 32  # from here on, numbers are looked at all at once


def plain_json_problem(value: object, *, max_nodes: int = MAX_NODES, max_depth: int = 64) -> str | None:
    """Say what keeps ``value`` from being plain JSON that every reader reads alike; None if nothing does.

    Plain are None, booleans, text without lone surrogates, integers of 64 bits, finite floats, lists, and
    dictionaries with text keys; exactly these types, no subclasses.  The walk visits at most ``max_nodes``
    parts, with 20 characters of text for each, so that a small graph with an exponential unfolding is refused
    and not followed.
    """
    if is_plain_json(value, max_nodes=max_nodes, max_depth=max_depth):
        return None
    return _problem(value, max_nodes, max_depth)


def is_plain_json(value: object, *, max_nodes: int, max_depth: int = 64) -> bool:
    """Answer level by level: the common case, several times faster than finding out what is wrong."""
    nodes = text = 0
    level: list[Any] = [value]
    for _ in range(max_depth + 1):
        nodes += len(level)
        deeper: list[Any] = []
        for part in level:
            kind = type(part)
            if kind is str:
                text += len(part)
                if not part.isascii() and not _is_unicode(part):
                    return False
            elif kind is dict:
                if nodes + len(deeper) + len(part) > max_nodes:
                    return False
                for key in part:
                    if type(key) is not str or not (key.isascii() or _is_unicode(key)):
                        return False
                    text += len(key)
                deeper += part.values()
            elif kind is list:
                if nodes + len(deeper) + len(part) > max_nodes:
                    return False
                if len(part) > LONG_LIST and set(map(type, part)) == {float}:
                    if not all(map(math.isfinite, part)):
                        return False
                    nodes += len(part)
                else:
                    deeper += part
            elif kind is int:
                if not -MAX_INTEGER <= part <= MAX_INTEGER:
                    return False
            elif kind is float:
                if part - part != 0.0:  # infinite or no number; asking ``math`` takes twice as long
                    return False
            elif part is not None and kind is not bool:
                return False
        if nodes + len(deeper) > max_nodes or text > CHARACTERS_PER_NODE * max_nodes:
            return False
        if not deeper:
            return True
        level = deeper
    return False


def _problem(value: object, max_nodes: int, max_depth: int) -> str:
    nodes = text = 0
    stack: list[tuple[Any, int, _Path]] = [(value, 0, None)]
    while stack:
        part, depth, path = stack.pop()
        nodes += 1
        if type(part) not in _CONTAINERS:
            text += len(part) if isinstance(part, str) else 0
            problem = _scalar_problem(part)
            if problem is not None:
                return f"{json_path(_steps(path))} {problem}"
            continue
        if depth > max_depth:
            return f"$ is nested deeper than {max_depth}"
        if nodes + len(stack) + len(part) > max_nodes or text > CHARACTERS_PER_NODE * max_nodes:
            break
        if type(part) is list:
            stack.extend((child, depth + 1, (path, index)) for index, child in enumerate(part))
            continue
        for key, child in part.items():
            problem = "is not text" if type(key) is not str else _scalar_problem(key)
            if problem is not None:
                return f"{json_path(_steps(path))} has the key {_short(key)}, which {problem}"
            text += len(key)
            stack.append((child, depth + 1, (path, key)))
    return (
        f"$ is too large (more than {max_nodes} parts, {max_depth} levels "
        f"or {CHARACTERS_PER_NODE * max_nodes} characters)"
    )


_Path = tuple[Any, str | int] | None  # the path before, and one step more: a deep value has many paths


def _steps(path: _Path) -> list[str | int]:
    steps: list[str | int] = []
    while path is not None:
        path, step = path
        steps.insert(0, step)
    return steps


_CONTAINERS = frozenset({dict, list})


def _scalar_problem(value: object) -> str | None:
    match value:
        case None | bool():
            return None
        case str() if type(value) is str:
            return None if value.isascii() or _is_unicode(value) else "holds half of a surrogate pair"
        case int() if type(value) is int:
            return None if -MAX_INTEGER <= value <= MAX_INTEGER else "is an integer beyond 64 bits"
        case float() if type(value) is float:
            return None if math.isfinite(value) else "is not a finite number"
        case tuple():
            return "is a tuple; return a list"
        case set() | frozenset():
            return "is a set; return sorted(...) of it"
        case _:
            return f"is of type {type(value).__name__}, which is not JSON"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(key: object) -> str:
    return repr(key)[:80] if isinstance(key, (str, int, float, type(None))) else type(key).__name__
