"""Writes Python values as JSON: results of trusted tools, and the public attributes of objects.

Plain JSON is written as it is.  Everything else is walked: a tuple is a list, a set a sorted list, a date its
ISO text, an object its public attributes, a number that is not finite null.  An object inside itself is
written as ``{"$same": PATH}``.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, NoneType
from typing import Any
from uuid import UUID

import orjson

from sandbox.schema import json_path
from sandbox.state.plain import MAX_INTEGER, is_plain_json

__all__ = ["NotPlainError", "attributes_of", "write_plain"]

MAX_PARTS = 500_000
MAX_DEPTH = 200
ATTRIBUTE_DEPTH = 2  # of an object's attributes in a world; whole ones are often plain, and asking is cheap
_INTEGER_BITS = 63
_CODE = (BuiltinFunctionType, FunctionType, MethodType, ModuleType, type)
_DATA = frozenset({str, int, float, bool, NoneType, list, dict})
_TEXTS = (UUID, PurePath, complex)
Step = str | int


class NotPlainError(Exception):
    """The value is too large or too deep to be written."""


def write_plain(
    value: object,
    *,
    sorted_keys: bool = False,
    otherwise: Callable[[Any], Any] | None = None,
    walked: bool = False,
) -> bytes:
    """Write a value as JSON, canonically with ``sorted_keys``.

    ``otherwise`` is asked first for another value when this one is not plain JSON.  ``walked`` spares the
    question where the answer is likely to be no.  Raises ``NotPlainError`` if the value has too many parts.
    """
    order = orjson.OPT_SORT_KEYS if sorted_keys else 0
    # Asked before orjson is, which would follow a small graph with an exponential unfolding to its end.
    if not walked and is_plain_json(value, max_nodes=MAX_PARTS):
        return orjson.dumps(value, option=order)
    other = value if otherwise is None else otherwise(value)
    return orjson.dumps(_Walk().plain(other), option=order)


def attributes_of(value: object) -> dict[str, object]:
    """Give an object's public attributes that are values and no code."""
    variables: dict[str, object] = getattr(value, "__dict__", {})
    kind: Any = type(value)
    slots = _public_slots(kind)
    if slots:
        variables = variables | {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return {
        name: part
        for name, part in variables.items()
        if not name.startswith("_") and (type(part) in _DATA or not isinstance(part, _CODE))
    }


@lru_cache(maxsize=1_000)
def _public_slots(kind: Any) -> tuple[str, ...]:
    slots = (part.__dict__.get("__slots__", ()) for part in kind.__mro__)
    names = (name for given in slots for name in ((given,) if isinstance(given, str) else given))
    return tuple(name for name in names if not name.startswith("_"))


@lru_cache(maxsize=1_000)
def _has_only_attributes(kind: Any) -> bool:
    """Tell whether values of a class are written as their attributes; finding out takes a while."""
    return not (
        issubclass(kind, (Mapping, bytes, bytearray, Sequence, AbstractSet, date, time, timedelta))
        or issubclass(kind, (*_TEXTS, *_CODE))
        or hasattr(kind, "model_dump")
        or hasattr(kind, "__float__")
    )


class _Walk:
    """One walk over a value; it knows where it is and which containers it is inside of."""

    def __init__(self) -> None:
        self._parts = 0
        self._path: list[Step] = []
        self._inside: dict[int, int] = {}

    def plain(self, value: Any) -> Any:
        if _is_free(value):
            return value
        if isinstance(value, Enum):
            return self.plain(value.value)
        if isinstance(value, (str, int, float)):
            return _scalar(value)
        depth = self._inside.get(id(value))
        if depth is not None:
            return {"$same": json_path(self._path[:depth])}
        if len(self._path) <= ATTRIBUTE_DEPTH and is_plain_json(value, max_nodes=MAX_PARTS):
            return value
        self._inside[id(value)] = len(self._path)
        try:
            return self._container(value)
        finally:
            del self._inside[id(value)]

    def _container(self, value: Any) -> Any:
        if type(value) is dict:  # a look-up of the abstract class takes ten times as long
            return self._mapping(value)
        if type(value) is list:
            return self._sequence(value)
        kind: Any = type(value)
        if _has_only_attributes(kind):
            return self._mapping(attributes_of(value))
        match value:
            case Mapping():
                return self._mapping(value)
            case bytes() | bytearray():
                return base64.b64encode(value).decode()
            case Sequence():
                return self._sequence(value)
            case AbstractSet():
                return sorted(self._sequence(value), key=_order)
            case date() | time():
                return value.isoformat()
            case timedelta():
                return value.total_seconds()
            case _ if isinstance(value, _TEXTS):
                return str(value)
            case _ if isinstance(value, _CODE):
                return f"<{type(value).__name__} {getattr(value, '__name__', '')}>"
            case _ if hasattr(type(value), "model_dump"):
                return self.plain(value.model_dump(mode="json"))
            case _ if hasattr(type(value), "__float__"):
                return _scalar(float(value))
            case _:
                return self._mapping(attributes_of(value))

    def _mapping(self, parts: Mapping[Any, Any]) -> dict[str, Any]:
        path = self._deeper(len(parts))
        made = {}
        for key, part in parts.items():
            name = key if type(key) is str and key.isascii() else _key(key)
            if _is_free(part):
                made[name] = part
            else:
                path[-1] = name
                made[name] = self.plain(part)
        path.pop()
        return made

    def _sequence(self, parts: Iterable[Any]) -> list[Any]:
        values = list(parts)
        path = self._deeper(len(values))
        for index, part in enumerate(values):
            if not _is_free(part):
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


def _is_free(value: Any) -> bool:
    """Tell at once whether a value is JSON as it stands: nearly all are."""
    kind = type(value)
    if kind is str:
        return bool(value.isascii())
    if kind is int:
        return bool(-MAX_INTEGER <= value <= MAX_INTEGER)
    return kind is bool or value is None


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
