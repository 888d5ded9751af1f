"""What the numbers of a result come to: as people sum up, average and multiply them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from operator import mul
from typing import TypeGuard

from toolace_mt.transcript import JsonValue

__all__ = ["aggregates", "totals"]

_LARGEST = 1e15
"""Beyond it, cents are lost."""
_COLUMNS = 6


def totals(value: JsonValue) -> Iterator[float]:
    """Give the sums of the numbers of one name in each list, and of plain lists of numbers."""
    for listed in _lists(value):
        yield from map(sum, _columns(listed))


def aggregates(value: JsonValue) -> Iterator[float]:
    """Give the means of each list, the sums of products in it (each price by its quantity), and the sums over
    each object's members."""
    for listed in _lists(value):
        columns = [column for column in _columns(listed) if len(column) == len(listed)]
        yield from (sum(column) / len(column) for column in columns)
        for one, other in combinations(columns[:_COLUMNS], 2):
            yield sum(map(mul, one, other))
    for members in _objects(value):
        yield float(sum(number for number in members.values() if _is_number(number)))


def _lists(value: JsonValue) -> Iterator[Sequence[JsonValue]]:
    return (one for one in _containers(value) if isinstance(one, (list, tuple)))


def _objects(value: JsonValue) -> Iterator[Mapping[str, JsonValue]]:
    return (one for one in _containers(value) if isinstance(one, Mapping))


def _containers(value: JsonValue) -> Iterator[JsonValue]:
    ahead = [value]
    while ahead:
        one = ahead.pop()
        if isinstance(one, Mapping):
            ahead.extend(one.values())
            yield one
        elif isinstance(one, (list, tuple)):
            ahead.extend(one)
            yield one


def _columns(listed: Sequence[JsonValue]) -> list[list[float]]:
    """Give the numbers of one name in a list's objects; those of a plain list have the empty name."""
    columns: dict[str, list[float]] = {}
    for item in listed:
        for name, leaf in item.items() if isinstance(item, Mapping) else (("", item),):
            if _is_number(leaf):
                columns.setdefault(name, []).append(leaf)
    return list(columns.values())


def _is_number(leaf: JsonValue) -> TypeGuard[float]:
    return isinstance(leaf, (int, float)) and not isinstance(leaf, bool) and abs(leaf) <= _LARGEST
