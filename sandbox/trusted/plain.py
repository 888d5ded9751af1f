"""Writes Python values as JSON: results of trusted tools, and the public attributes of objects.

Plain JSON is written as it is.  Everything else is walked: a tuple is a list, a set a sorted list, a date its
ISO text, an object its public attributes, a number that is not finite null.  An object inside itself is
written as ``{"$same": PATH}``.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from enum import Enum
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any
from uuid import UUID

import orjson

from sandbox.plain import is_plain_json
from sandbox.schema import json_path

__all__ = ["NotPlainError", "attributes_of", "write_plain"]

MAX_PARTS = 500_000
MAX_DEPTH = 200
_INTEGER_BITS = 63
_CODE = (BuiltinFunctionType, FunctionType, MethodType, ModuleType, type)
_TEXTS = (UUID, PurePath, complex)
Step = str | int


class NotPlainError(Exception):
    """The value is too large or too deep to be written."""


def write_plain(
    value: object, *, sorted_keys: bool = False, otherwise: Callable[[Any], Any] | None = None
) -> bytes:
    """Write a value as JSON, canonically with ``sorted_keys``.

    ``otherwise`` is asked first for another value when this one is not plain JSON.  Raises ``NotPlainError``
    if it has too many parts.
    """
    order = orjson.OPT_SORT_KEYS if sorted_keys else 0
    # Asked before orjson is, which would follow a small graph with an exponential unfolding to its end.
    if is_plain_json(value, max_nodes=MAX_PARTS):
        return orjson.dumps(value, option=order)
    other = value if otherwise is None else otherwise(value)
    return orjson.dumps(_Walk().plain(other, ()), option=order)


def attributes_of(value: object) -> dict[str, object]:
    """Give an object's public attributes that are values and no code."""
    return {
        name: part
        for name, part in _variables(value)
        if not name.startswith("_") and not isinstance(part, _CODE)
    }


def _variables(value: object) -> Iterator[tuple[str, object]]:
    yield from getattr(value, "__dict__", {}).items()
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if not name.startswith("_") and hasattr(value, name):
                yield name, getattr(value, name)


class _Walk:
    """One walk over a value; it knows which containers it is inside of."""

    def __init__(self) -> None:
        self._parts = 0
        self._inside: dict[int, tuple[Step, ...]] = {}

    def plain(self, value: Any, path: tuple[Step, ...]) -> Any:
        self._parts += 1
        if self._parts > MAX_PARTS or len(path) > MAX_DEPTH:
            raise NotPlainError(f"{json_path(path[:8])} is too large to be written as JSON")
        if value is None or value is True or value is False or (type(value) is str and value.isascii()):
            return value
        if isinstance(value, Enum):
            return self.plain(value.value, path)
        if isinstance(value, (str, int, float)):
            return _scalar(value)
        if id(value) in self._inside:
            return {"$same": json_path(self._inside[id(value)])}
        self._inside[id(value)] = path
        try:
            return self._container(value, path)
        finally:
            del self._inside[id(value)]

    def _container(self, value: Any, path: tuple[Step, ...]) -> Any:
        if type(value) is dict:  # a look-up of the abstract class takes ten times as long
            return {_key(key): self.plain(part, (*path, _key(key))) for key, part in value.items()}
        match value:
            case Mapping():
                return {_key(key): self.plain(part, (*path, _key(key))) for key, part in value.items()}
            case bytes() | bytearray():
                return base64.b64encode(value).decode()
            case Sequence():
                return [self.plain(part, (*path, index)) for index, part in enumerate(value)]
            case AbstractSet():
                return sorted((self.plain(part, (*path, "*")) for part in value), key=_order)
            case date() | time():
                return value.isoformat()
            case timedelta():
                return value.total_seconds()
            case _ if isinstance(value, _TEXTS):
                return str(value)
            case _ if isinstance(value, _CODE):
                return f"<{type(value).__name__} {getattr(value, '__name__', '')}>"
            case _ if hasattr(type(value), "model_dump"):
                return self.plain(value.model_dump(mode="json"), path)
            case _ if hasattr(type(value), "__float__"):
                return _scalar(float(value))
            case _:
                parts = attributes_of(value)
                return {name: self.plain(part, (*path, name)) for name, part in parts.items()}


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
