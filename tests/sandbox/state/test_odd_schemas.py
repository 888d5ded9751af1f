"""Schemas that are valid and odd: values are drawn for them, and spoilt, as for any."""

from __future__ import annotations

import random
from typing import Any

import pytest

from sandbox import PolicyViolation, compile_schema, lint_schema
from sandbox.checking.chance import PatternTexts, RandomChooser
from sandbox.checking.refusals import spoilt_arguments
from sandbox.state.values import draw_value

CLOSED = {"additionalProperties": False}
ODD: dict[str, Any] = {
    "an alternative that is anything": {"anyOf": [True, {"type": "integer"}]},
    "all of anything": {"allOf": [True, {"type": "string"}]},
    "a count with a point": {"type": "array", "minItems": 2.0, "items": {"type": "integer"}},
    "a length with a point": {"type": "string", "minLength": 3.0, "maxLength": 5.0},
    "examples that are none": {"type": "string", "x-examples": 5},
    "anything": True,
    "huge bounds": {"type": "number", "minimum": -1e308, "maximum": 1e308},
    "lists of lists": {"type": "array", "items": {"type": "array", "items": {"type": "array"}}},
}


@pytest.mark.parametrize("schema", ODD.values(), ids=ODD)
def test_values_are_drawn_and_spoilt(schema: Any) -> None:
    parameters: Any = {"type": "object", "properties": {"x": schema}, "required": ["x"]} | CLOSED
    fits = compile_schema(parameters).fits
    for seed in range(40):
        chooser = RandomChooser(random.Random(seed), PatternTexts(seed))
        assert fits(draw_value(parameters, chooser))
    for what, spoilt in spoilt_arguments(parameters, chooser):
        assert not fits(spoilt), what


def nested(keyword: str, count: int, levels: int, inner: Any) -> Any:
    for _ in range(levels):
        inner = {"type": "array", keyword: count, "items": inner}
    return inner


@pytest.mark.parametrize(
    "schema",
    [
        nested("minItems", 1_000, 3, {"type": "integer"}),
        nested("minItems", 100, 2, {"type": "string", "minLength": 9_000}),
        {"$ref": "#/$defs/a", "$defs": {"a": nested("minItems", 300, 2, {"type": "null"})}},
        {"type": "object", "minProperties": 900, "additionalProperties": nested("minItems", 900, 1, {})},
    ],
)
def test_a_schema_whose_smallest_value_is_huge_is_refused(schema: Any) -> None:
    with pytest.raises(PolicyViolation, match="the smallest value that fits has about"):
        lint_schema(schema)


def test_a_name_that_is_required_again_and_again_is_looked_at_once() -> None:
    inner: Any = {"properties": {f"p{number}": {} for number in range(500)}, "required": []}
    looks = 0

    class Counted(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            nonlocal looks
            looks += 1
            return super().get(key, default)

    with pytest.raises(PolicyViolation):  # JSON Schema wants the names to differ
        lint_schema({"properties": {"x": Counted(inner)}, "required": ["x"] * 9_000})
    assert looks < 100


def test_what_may_be_left_out_is_left_out_far_down() -> None:
    schema = nested("maxItems", 50, 28, {"type": "integer"})
    for seed in range(50):
        drawn = draw_value(schema, RandomChooser(random.Random(seed), PatternTexts(seed)))
        assert len(str(drawn)) < 20_000
