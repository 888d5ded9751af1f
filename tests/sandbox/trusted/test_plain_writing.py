"""Python values as JSON."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import canonical
from sandbox.trusted.attributes import attributes_of
from sandbox.trusted.plain import NotPlainError, write_plain

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
INTEGERS = st.integers(-(2**63) + 1, 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | INTEGERS | FLOATS | TEXT,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(TEXT, parts, max_size=3),
    max_leaves=8,
)  # fmt: skip


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    tags: tuple[str, ...] = ("a",)


class Slotted:
    __slots__ = ("_hidden", "shown")

    def __init__(self) -> None:
        self.shown, self._hidden = 1, 2


class Tree:
    def __init__(self, above: Tree | None = None) -> None:
        self.above = above
        self.below: dict[str, Tree] = {}
        self.method = print
        self._private = 1


def written(value: object) -> Any:
    return json.loads(write_plain(value))


@given(value=PLAIN)
def test_plain_json_is_written_as_it_is(value: Any) -> None:
    assert written(value) == value
    assert write_plain(value, sorted_keys=True) == canonical(value)


@given(value=PLAIN)
def test_the_long_way_writes_the_same_as_the_short_one(value: Any) -> None:
    assert written([value, Point(1)]) == [value, {"x": 1, "tags": ["a"]}]


CASES = {
    "tuple": ((1, 2), [1, 2]),
    "set": ({3, 1, 2}, [1, 2, 3]),
    "set of objects": ({Colour.RED}, ["red"]),
    "date": (date(2026, 3, 14), "2026-03-14"),
    "time": (datetime(2026, 3, 14, 18, 30), "2026-03-14T18:30:00"),  # noqa: DTZ001  # a value
    "span": (timedelta(minutes=1), 60.0),
    "decimal": (Decimal("1.5"), 1.5),
    "enum": ({Colour.RED: Colour.RED}, {"red": "red"}),
    "keys": ({2: "a", None: "b", True: "c"}, {"2": "a", "true": "c", "null": "b"}),
    "bytes": (b"ab", "YWI="),
    "path": (PurePosixPath("/a"), "/a"),
    "id": (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "complex": (1j, "1j"),
    "big": (2**70, str(2**70)),
    "not a number": ([float("nan"), Point(1)], [None, {"x": 1, "tags": ["a"]}]),
    "half a pair": ("\ud800", "?"),
    "slots": (Slotted(), {"shown": 1}),
    "subclass": (OrderedDict(a=1), {"a": 1}),
    "function": ([print], ["<builtin_function_or_method print>"]),
}


@pytest.mark.parametrize(("value", "expected"), CASES.values(), ids=CASES.keys())
def test_other_values_have_one_plain_form(value: object, expected: object) -> None:
    assert written(value) == expected


LONG = [0.5] * 40


@pytest.mark.parametrize(
    ("value", "is_plain"),
    [
        ([*LONG, 1], True),
        ([*LONG, float("inf")], False),
        ([*LONG, 10**400], False),
        ([*LONG, "a"], True),
        ([*LONG, Decimal(1)], False),
        (["a"] * 40, True),
        (["a"] * 40 + [Colour.RED], False),
        (["a"] * 40 + [None], True),
        ({"a": LONG, "b": {"c": ()}}, False),
        ({"a": {1: "b"}}, False),
        ({"a": 1, 2: "b"}, False),
        ([1e308] * 40, True),
        (2**60, True),
        (2**63, False),
        (-(2**63), False),
    ],
)
def test_another_value_is_asked_for_where_one_is_not_plain(value: object, is_plain: bool) -> None:
    text = write_plain(value, otherwise=lambda _: "other")
    assert json.loads(text) == (value if is_plain else "other")


def test_an_object_inside_itself_is_named_and_not_followed() -> None:
    root = Tree()
    root.below["left"] = Tree(root)
    assert written({"root": root}) == {
        "root": {"above": None, "below": {"left": {"above": {"$same": "$.root"}, "below": {}}}}
    }


def test_code_and_private_attributes_are_no_state() -> None:
    assert list(attributes_of(Tree())) == ["above", "below"]


def test_a_value_that_unfolds_without_end_is_refused() -> None:
    part: list[Any] = [Colour.RED]
    for _ in range(40):
        part = [part, part]
    with pytest.raises(NotPlainError, match="too large"):
        write_plain([part, Point(1)])
