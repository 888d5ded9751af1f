"""Where a parameter's value may come from."""

from typing import Any

import pytest

from toolace_mt.planners.sources import (
    Row,
    choices_by_schema,
    clause_of,
    properties_of,
    required_of,
    rows_at,
    rows_of_world,
    selectors_for,
    sources_of,
)

ORDERS: dict[str, dict[str, Any]] = {
    "orders": {
        "W1": {"order_id": "W1", "user_id": "U1", "cents": 500, "item": "lamp"},
        "W2": {"order_id": "W2", "user_id": "U2", "cents": 900, "item": "desk"},
        "W3": {"order_id": "W3", "user_id": "U1", "cents": 900, "item": "desk"},
    },
    "users": {"U1": {"user_id": "U1", "email": "a@b.org"}, "U2": {"user_id": "U2", "email": "c@d.org"}},
}


def values(rows: tuple[Row, ...]) -> list[Any]:
    return [row.value for row in rows]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("orders.*.order_id", ["W1", "W2", "W3"]),
        ("orders.W2.item", ["desk"]),
        ("orders.*.missing", []),
        ("nothing.*.order_id", []),
        ("orders.W1", []),
        ("orders.*", []),
    ],
)
def test_a_path_leads_to_the_scalars_that_stand_there(path: str, found: list[str]) -> None:
    assert values(rows_at(ORDERS, path)) == found


def test_a_path_goes_through_lists_of_records_and_of_scalars() -> None:
    result: dict[str, Any] = {"hotels": [{"id": "H1"}, {"id": "H2"}], "tags": ["a", "b"]}
    assert rows_at(result, "hotels.*.id") == (Row("H1", {"id": "H1"}), Row("H2", {"id": "H2"}))
    assert values(rows_at(result, "tags.*")) == ["a", "b"]


@pytest.mark.parametrize(
    ("entry", "offered"),
    [
        ({"world": "users.*.email"}, ["a@b.org"]),
        ({"world": "orders.*.order_id"}, ["W1", "W2", "W3"]),
        ({"world": "orders.*.order_id", "where": {"user_id": "@persona"}}, ["W1", "W3"]),
        ({"world": "orders.*.order_id", "where": {"item": "desk", "user_id": "@persona.user_id"}}, ["W3"]),
        ({"world": "orders.*.order_id", "where": {"item": "sofa"}}, []),
    ],
)
def test_the_world_offers_a_person_their_own_row_and_what_the_conditions_keep(
    entry: dict[str, Any], offered: list[str]
) -> None:
    persona = ORDERS["users"]["U1"]
    rows = rows_of_world(ORDERS, entry, persona_table="users", persona=persona, persona_key="U1")
    assert values(rows) == offered


def test_a_row_is_named_by_a_field_only_when_no_other_row_has_its_value() -> None:
    rows = rows_at(ORDERS, "orders.*.order_id")
    named = selectors_for(rows, [{"field": "item", "say": "the one with the {}"}])
    assert [(selector.row.value, selector.phrase.text) for selector in named] == [
        ("W1", "the one with the lamp")
    ]


@pytest.mark.parametrize(
    ("pick", "picked"),
    [("min", ["W1"]), ("max", [])],  # two orders share the highest price, so it names neither
)
def test_an_extreme_names_a_row_only_when_it_is_strict(pick: str, picked: list[str]) -> None:
    rows = rows_at(ORDERS, "orders.*.order_id")
    named = selectors_for(rows, [{"field": "cents", "pick": pick, "say": "that one"}])
    assert [selector.row.value for selector in named] == picked


@pytest.mark.parametrize(
    ("schema", "offered"),
    [
        ({"enum": ["a", None, "b"]}, ("a", "b")),
        ({"type": "string", "x-examples": ["x"]}, ("x",)),
        ({"type": "integer", "minimum": 2, "maximum": 4}, (2, 3, 4)),
        ({"type": "integer", "minimum": 1}, ()),
        ({"type": "boolean"}, (True,)),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, (["a"], ["b"])),
        ({"type": "string"}, ()),
    ],
)
def test_a_schema_offers_what_a_person_may_simply_choose(
    schema: dict[str, Any], offered: tuple[Any, ...]
) -> None:
    assert choices_by_schema(schema) == offered


def test_a_range_offers_a_few_values_of_many() -> None:
    assert len(choices_by_schema({"type": "integer", "minimum": 1, "maximum": 10**9})) <= 21


def test_what_is_not_declared_well_offers_nothing() -> None:
    assert properties_of({"properties": ["no"]}) == {}
    assert required_of({"required": "no"}) == frozenset()
    assert sources_of({"x-source": "no"}) == ()
    assert selectors_for((), "no") == ()
    assert clause_of("zip_code", {}) == "the zip code is {}"
