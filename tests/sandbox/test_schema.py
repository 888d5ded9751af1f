"""Untrusted schemas: what the lint refuses, and that both validators agree on what it lets through."""

from __future__ import annotations

import random
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import PolicyViolation, compile_schema, lint_schema
from sandbox.checking.chance import RandomChooser
from sandbox.checking.refusals import spoilt_arguments
from sandbox.state.values import draw_value

DEEP: dict[str, Any] = {}
for _ in range(60):
    DEEP = {"items": DEEP}

REFUSED: dict[str, Any] = {
    "remote reference": {"$ref": "http://127.0.0.1:9/x.json"},
    "file reference": {"$ref": "file:///etc/passwd"},
    "reference into data": {"$ref": "#/examples/0", "examples": [{"$ref": "http://127.0.0.1:9/"}]},
    "own base": {"$id": "http://127.0.0.1:9/"},
    "unknown dialect": {"$schema": "http://127.0.0.1:9/schema"},
    "dynamic reference": {"$dynamicRef": "#x"},
    "reference to nothing": {"$ref": "#/$defs/nothing"},
    "recursion": {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
    "mutual recursion": {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"not": {"$ref": "#/$defs/a"}}},
    },
    "exponential references": {
        "$ref": "#/$defs/d0",
        "$defs": {
            **{f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)},
            "d30": {"type": "string"},
        },
    },
    "look-ahead": {"pattern": "(?=a)b"},
    "back-reference": {"pattern": r"(a)\1"},
    "huge repetition": {"pattern": "(a{1000}){1000}"},
    "unbounded uniqueItems": {"type": "array", "uniqueItems": True},
    "too deep": DEEP,
    "too many parts": {"enum": list(range(30_000))},
    "too long": {"const": "x" * 500_000},
    "unknown type": {"type": "strin"},
    "no schema": 7,
}


@pytest.mark.parametrize("schema", REFUSED.values(), ids=REFUSED.keys())
def test_a_costly_or_far_reaching_schema_is_refused(schema: Any) -> None:
    with pytest.raises(PolicyViolation, match=r"^here"):
        lint_schema(schema, where="here")


def test_a_nested_quantifier_takes_linear_time() -> None:
    validator = compile_schema({"type": "string", "pattern": "^(a+)+$"})
    assert not validator.fits("a" * 50_000 + "b")


def test_a_property_may_be_named_like_a_keyword() -> None:
    lint_schema({"type": "object", "properties": {"id": {"type": "string"}, "$ref": {"type": "string"}}})


def test_a_problem_names_its_place_and_its_keyword() -> None:
    validator = compile_schema({"properties": {"a": {"items": {"type": "integer"}}}})
    (problem,) = validator.problems({"a": [1, "x"]})
    assert (problem.path, problem.keyword) == ("$.a[1]", "type")


SCALAR_SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("integer"), "minimum": st.integers(-5, 5), "maximum": st.integers(6, 9)}
    ),
    st.fixed_dictionaries(
        {"type": st.just("string"), "minLength": st.integers(0, 3), "maxLength": st.integers(3, 6)}
    ),
    st.fixed_dictionaries(
        {"enum": st.lists(st.sampled_from(["a", "b", 1, None, True]), min_size=1, max_size=3)}
    ),
    st.fixed_dictionaries({"type": st.sampled_from(["boolean", "null", "number"])}),
)
SCHEMAS = st.recursive(
    SCALAR_SCHEMAS,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner, "maxItems": st.integers(0, 3)}),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(
            lambda parts: {
                "type": "object",
                "properties": parts,
                "required": sorted(parts)[:1],
                "additionalProperties": False,
            }
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"anyOf": parts}),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "b", "abcdefg"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=6,
)


@given(schema=SCHEMAS, value=VALUES)
def test_the_fast_validator_agrees_with_the_reference(schema: dict[str, Any], value: Any) -> None:
    fast = compile_schema(schema)
    assert fast.fits(value) == jsonschema.Draft202012Validator(schema).is_valid(value)
    assert fast.fits(value) == (not fast.problems(value))


@given(schema=SCHEMAS, seed=st.integers(0, 2**32))
def test_drawn_values_fit_their_schema(schema: dict[str, Any], seed: int) -> None:
    value = draw_value(schema, RandomChooser(random.Random(seed)))
    assert compile_schema(schema).fits(value)


@given(schema=SCHEMAS.filter(lambda schema: "properties" in schema), seed=st.integers(0, 2**32))
def test_spoilt_arguments_do_not_fit(schema: dict[str, Any], seed: int) -> None:
    validator = compile_schema(schema)
    spoilt = spoilt_arguments(schema, RandomChooser(random.Random(seed)))
    assert [what for what, arguments in spoilt if validator.fits(arguments)] == []


TEXTS = {str(number): "x" * 80 for number in range(2_500)}


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"allOf": [False] * 5}, {"a": 1}, 5),
        ({"allOf": [False] * 300}, TEXTS, 1),
        ({"items": {"anyOf": [{"const": n} for n in range(1_000)]}}, [-1] * 2_000, 1),
        ({"additionalProperties": {"type": "integer"}}, TEXTS, 2_500),
    ],
)
def test_what_could_be_told_at_gigabytes_is_told_in_short(schema: Any, value: Any, told: int) -> None:
    problems = compile_schema(schema).problems(value)
    assert len(problems) == told
    assert problems[0].message
