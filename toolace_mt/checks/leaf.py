"""When two plain values, neither list nor object, are the same."""

from __future__ import annotations

from toolace_mt.transcript import JsonValue

__all__ = ["same_leaf"]

_TOLERANCE = 1e-9


def same_leaf(left: JsonValue, right: JsonValue) -> bool:
    """Compare two values: 1 equals 1.0, and ``True`` is no 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right or abs(left - right) <= _TOLERANCE * max(abs(left), abs(right))
    return type(left) is type(right) and left == right
