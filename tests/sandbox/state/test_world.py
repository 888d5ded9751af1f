"""Digests, differences and plainness of states."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import Change, JsonObject, describe_changes, diff_states, state_digest
from sandbox.state.plain import plain_json_problem
from sandbox.state.world import digest_of_entries, encode_tables, values_at, written_entry

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=5)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
STATES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.text(max_size=4), st.dictionaries(st.text(max_size=3), JSON, max_size=3), max_size=4
)


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(part) for key, part in reversed(list(value.items()))}
    return [_turned(part) for part in value] if isinstance(value, list) else value


@given(state=STATES)
def test_the_digest_does_not_depend_on_the_order_of_keys(state: dict[str, Any]) -> None:
    assert state_digest(state) == state_digest(_turned(state))


@given(state=STATES)
def test_the_digest_of_written_entries_is_the_state_s(state: dict[str, Any]) -> None:
    entries = {name: written_entry(name, table) for name, table in encode_tables(state).items()}
    assert digest_of_entries(entries) == state_digest(state)


@given(one=STATES, other=STATES)
def test_states_that_differ_have_other_digests(one: Any, other: Any) -> None:
    same = state_digest(one) == state_digest(other)
    assert not (same and diff_states(one, other))


def test_a_difference_names_the_field() -> None:
    before: JsonObject = {"orders": {"O1": {"status": "pending", "items": [1, 2]}}}
    after: JsonObject = {"orders": {"O1": {"status": "cancelled", "items": [1, 3]}}}
    assert diff_states(before, after) == (
        Change(path="orders.O1.items.1", before=2, after=3),
        Change(path="orders.O1.status", before="pending", after="cancelled"),
    )


CHANGED: JsonObject = {"orders": {"O1": {"status": "pending", "note": "x" * 100}}, "gone": {"a": [1]}}


def test_changes_are_told_in_one_line_and_cut_short() -> None:
    changes = diff_states(CHANGED, {"orders": {"O1": {"status": "cancelled", "note": "y" * 100}}})
    first, second, third = map(str, changes)
    assert first == 'gone: {"a":[1]} -> null'
    assert third == 'orders.O1.status: "pending" -> "cancelled"'
    assert len(second) < 150
    assert describe_changes(changes, most=1) == f"{first}; and 2 more"
    assert describe_changes(changes) == f"{first}; {second}; {third}"
    assert describe_changes(()) == "nothing"


@given(value=JSON)
def test_json_values_are_plain(value: Any) -> None:
    assert plain_json_problem(value) is None


def _graph(levels: int) -> list[Any]:
    graph: list[Any] = ["x"]
    for _ in range(levels):
        graph = [graph, graph]
    return graph


def _loop() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


NOT_PLAIN: dict[str, Any] = {
    "not finite": {"a": [math.nan]},
    "beyond 64 bits": {"a": [2**70]},
    "surrogate": {"a": ["\ud800"]},
    "number as a key": {"a": [{1: 2}]},
    "surrogate as a key": {"a": [{"\ud800": 2}]},
    "tuple": {"a": [(1,)]},
    "set": {"a": [{1}]},
    "function": {"a": [len]},
    "exponential graph": _graph(40),
    "loop": _loop(),
    "very long": ["x" * 600_000] * 2,
}


@pytest.mark.parametrize("value", NOT_PLAIN.values(), ids=NOT_PLAIN.keys())
def test_what_is_no_plain_json_is_told_in_bounded_time(value: Any) -> None:
    problem = plain_json_problem(value)
    assert problem is not None
    if isinstance(value, dict):
        assert problem.startswith("$.a[0]")


def test_a_path_with_stars_leads_to_every_row() -> None:
    state = {"orders": {"O1": {"items": [{"n": 1}, {"n": 2}]}, "O2": {"items": [{"n": 3}]}}}
    assert list(values_at(state, "orders.*.items.*.n")) == [1, 2, 3]
    assert list(values_at(state, "orders.O2.none")) == []
