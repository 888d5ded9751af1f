"""Writes Python values as JSON: results of trusted tools, and the public attributes of objects.

Plain JSON is written as it is.  Everything else is walked: a tuple is a list, a set a sorted list, a date its
ISO text, an object its public attributes, a number that is not finite null.  An object inside itself is
written as ``{"$same": PATH}``.
"""

from __future__ import annotations

import math
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from enum import Enum
from typing import Any

import orjson

from sandbox.json_path import json_path
from sandbox.trusted.at_once import CONTAINERS, SCALARS, STRICT, is_uniform, write_at_once
from sandbox.trusted.attributes import CODE, attributes_of, has_only_attributes, is_a_text

__all__ = ["NotPlainError", "write_plain"]

MAX_PARTS = 500_000
MAX_DEPTH = 200
ATTRIBUTE_DEPTH = 2  # of an object's attributes in a world of several; most of them are plain as a whole
_INTEGER_BITS = 63
Step = str | int


class NotPlainError(Exception):
    """The value is too large or too deep to be written."""


def write_plain(
    value: object, *, sorted_keys: bool = False, otherwise: Callable[[Any], Any] | None = None
) -> bytes:
    """Write a value as JSON, canonically with ``sorted_keys``.

    ``otherwise`` is asked first for another value when this one is not plain JSON.  Raises ``NotPlainError``
    if the value has too many parts.
    """
    order = orjson.OPT_SORT_KEYS if sorted_keys else 0
    if otherwise is not None:
        written = write_at_once(value, order)
        if written is not None:
            return written
        value = otherwise(value)
    try:
        # Nearly all numbers and texts are fit to be written, and the writer finds those that are not.
        return orjson.dumps(_Walk(order, looks_at_scalars=False).plain(value), option=order | STRICT)
    except orjson.JSONEncodeError:
        return orjson.dumps(_Walk(order, looks_at_scalars=True).plain(value), option=order)


class _Walk:
    """One walk over a value; it knows where it is and which containers it is inside of.

    Containers in which nothing changes are given back as they are.
    """

    def __init__(self, order: int, *, looks_at_scalars: bool) -> None:
        self._order = order
        self._left_alone = frozenset[type]() if looks_at_scalars else SCALARS
        self._parts = 0
        self._path: list[Step] = []
        self._inside: dict[int, int] = {}

    def plain(self, value: Any) -> Any:
        kind = type(value)
        if kind in self._left_alone or value is None or kind is bool:
            return value
        if isinstance(value, Enum):
            return self.plain(value.value)
        if isinstance(value, (str, int, float)):
            return _scalar(value)
        depth = self._inside.get(id(value))
        if depth is not None:
            return {"$same": json_path(self._path[:depth])}
        if len(self._path) == ATTRIBUTE_DEPTH and kind in CONTAINERS:
            written = write_at_once(value, self._order)
            if written is not None:
                return orjson.Fragment(written)
        self._inside[id(value)] = len(self._path)
        try:
            return self._container(value, kind)
        finally:
            del self._inside[id(value)]

    def _container(self, value: Any, kind: Any) -> Any:
        if kind is dict:  # a look-up of the abstract class takes ten times as long
            return self._mapping(value)
        if kind is list:
            return self._sequence(value)
        if has_only_attributes(kind):
            return self._mapping(attributes_of(value))
        match value:
            case Mapping():
                return self._mapping(value)
            case bytes() | bytearray():
                return b2a_base64(value, newline=False).decode()
            case Sequence():
                return self._sequence(value)
            case AbstractSet():
                return sorted(self._sequence(value), key=_order)
            case date() | time():
                return value.isoformat()
            case timedelta():
                return value.total_seconds()
            case _ if is_a_text(kind):
                return str(value)
            case _ if isinstance(value, CODE):
                return f"<{type(value).__name__} {getattr(value, '__name__', '')}>"
            case _ if hasattr(type(value), "model_dump"):
                return self.plain(value.model_dump(mode="json"))
            case _ if hasattr(type(value), "__float__"):
                return _scalar(float(value))
            case _:
                return self._mapping(attributes_of(value))

    def _mapping(self, parts: Mapping[Any, Any]) -> dict[str, Any]:
        path = self._deeper(len(parts))
        left_alone = self._left_alone
        made = {}
        for key, part in parts.items():
            name = key if type(key) is str and key.isascii() else _key(key)
            if type(part) in left_alone:
                made[name] = part
            else:
                path[-1] = name
                made[name] = self.plain(part)
        path.pop()
        return made

    def _sequence(self, parts: Iterable[Any]) -> list[Any]:
        values = list(parts)
        path = self._deeper(len(values))
        left_alone = self._left_alone
        for index, part in enumerate(() if left_alone and is_uniform(values) else values):
            if type(part) not in left_alone:
                path[-1] = index
                values[index] = self.plain(part)
        path.pop()
        return values

    def _deeper(self, parts: int) -> list[Step]:
        """Go into a container of so many parts; the last step of the path is for the caller to write."""
        self._parts += parts
        path = self._path
        if self._parts > MAX_PARTS or len(path) >= MAX_DEPTH:
            raise NotPlainError(f"{json_path(path[:8])} is too large to be written as JSON")
        path.append("")
        return path


def _scalar(value: str | float) -> Any:
    if isinstance(value, str):
        return str(value).encode(errors="replace").decode()
    if isinstance(value, int):
        return int(value) if value.bit_length() <= _INTEGER_BITS else str(int(value))
    return float(value) if math.isfinite(value) else None


def _key(key: object) -> str:
    if type(key) is str and key.isascii():
        return key
    match key:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[key]
        case Enum():
            return _key(key.value)
        case _:
            return str(key).encode(errors="replace").decode()


def _order(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
