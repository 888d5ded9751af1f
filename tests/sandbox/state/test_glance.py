"""A glance at a value is never wrong, and hardly ever for nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox import open_pack, shipped_packs
from sandbox.checking.chance import RandomChooser
from sandbox.state.glance import glance_by
from sandbox.state.plain import plain_json_problem
from sandbox.state.values import draw_value

LIGHT = st.none() | st.booleans() | st.integers() | st.text(max_size=4)
STRANGE = (
    st.floats() | st.just("\ud800") | st.just(()) | st.just({1: 2}) | st.just({"\ud800": 1}) | st.just({3, 4})
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LIGHT | STRANGE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=3),
)
KINDS = [{"type": kind} for kind in ("string", "integer", "boolean", "null", "number")]


def described(value: Any) -> Any:
    """Describe a value by a schema that it fits, as far as it is JSON."""
    match value:
        case dict():
            properties = {name: described(part) for name, part in value.items() if isinstance(name, str)}
            return {"type": "object", "properties": properties}
        case list() | tuple():
            return {"type": "array", "items": described(value[0]) if value else {"type": "string"}}
        case bool():
            return {"type": ["boolean", "null"]}
        case int() | float():
            return {"type": "integer"}
        case None:
            return {"anyOf": [{"type": "null"}, {"type": "string"}]}
        case _:
            return {"type": "string"}


def unfolding(levels: int) -> tuple[Any, Any]:
    value: Any = "x"
    schema: Any = {"type": "string"}
    for _ in range(levels):
        value, schema = [value] * 50, {"type": "array", "items": schema}
    return value, schema


@given(value=VALUES, schema=VALUES.map(described) | st.sampled_from(KINDS))
@example(value=2**63, schema={"type": "integer"})
@example(value=-(2**63), schema={"type": "integer"})
@example(value=float("nan"), schema={"type": "number"})
def test_what_a_glance_lets_through_is_plain_json(value: Any, schema: Any) -> None:
    for guess in (schema, described(value)):
        if glance_by(guess)(value):
            assert plain_json_problem(value) is None


LARGE: dict[str, Any] = {
    "a long text": ({"t": "x" * 1_100_000}, {"type": "object", "properties": {"t": {"type": "string"}}}),
    "long texts": (["x" * 200_000] * 6, {"type": "array", "items": {"type": "string"}}),
    "a long list": ([1] * 60_000, {"type": "array", "items": {"type": "integer"}}),
    "lists of lists": unfolding(3),
    "an endless unfolding": unfolding(9),
}


@pytest.mark.parametrize(("value", "schema"), LARGE.values(), ids=LARGE.keys())
def test_a_glance_lets_nothing_large_through(value: Any, schema: Any) -> None:
    assert plain_json_problem(value) is not None
    assert not glance_by(schema)(value)


@pytest.mark.parametrize("name", shipped_packs())
def test_a_glance_is_enough_for_what_the_shipped_packs_return(name: str) -> None:
    chooser = RandomChooser(random.Random(name))
    for tool in open_pack(name).tools:
        look = glance_by(tool.returns)
        assert any(look(draw_value(tool.returns, chooser)) for _ in range(5)), tool.name
