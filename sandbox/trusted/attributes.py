"""What of an object belongs to the world: its public attributes that are values and no code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from enum import Enum
from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, NoneType
from typing import Any
from uuid import UUID

__all__ = ["CODE", "attributes_of", "has_only_attributes", "is_a_text"]

CODE = (BuiltinFunctionType, FunctionType, MethodType, ModuleType, type)
_DATA = frozenset({str, int, float, bool, NoneType, list, dict})


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
        if not name.startswith("_") and (type(part) in _DATA or not isinstance(part, CODE))
    }


@lru_cache(maxsize=1_000)
def _public_slots(kind: Any) -> tuple[str, ...]:
    slots = (part.__dict__.get("__slots__", ()) for part in kind.__mro__)
    names = (name for given in slots for name in ((given,) if isinstance(given, str) else given))
    return tuple(name for name in names if not name.startswith("_"))


@lru_cache(maxsize=1_000)
def has_only_attributes(kind: Any) -> bool:
    """Tell whether values of a class are written as their attributes; finding out takes a while."""
    return not (
        issubclass(kind, (Mapping, bytes, bytearray, Sequence, AbstractSet, date, time, timedelta))
        or issubclass(kind, (Enum, *CODE))
        or is_a_text(kind)
        or hasattr(kind, "model_dump")
        or hasattr(kind, "__float__")
    )


@lru_cache(maxsize=1_000)
def is_a_text(kind: Any) -> bool:
    """Tell whether values of a class are written as their texts: ids, paths and complex numbers.

    Importing what makes paths takes a while, and nearly no environment needs it.
    """
    modules = (part.__module__.partition(".")[0] for part in kind.__mro__)
    return issubclass(kind, (UUID, complex)) or "pathlib" in modules
