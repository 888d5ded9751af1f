"""Schemas of strangers: refused, or compiled alike by two engines that then agree, and nothing is fetched."""

from __future__ import annotations

import random
from typing import Any

import jsonschema
import referencing

from sandbox.errors import PolicyViolation
from sandbox.schema import compile_schema

__all__ = ["attack_schema"]

TYPES = ("string", "integer", "number", "boolean", "null", "array", "object")
SMALL: tuple[Any, ...] = (
    None, True, False, 0, 1, -3, 7.5, 10**12, "", "a", "ab", "B7", "aaaa", [], [1], [1, 1], ["a", {}], [[]],
    {}, {"a": 1}, {"a": "a", "b": None}, {"b": [1, 2]}, {"__class__": 1}, {"c": {"a": {"a": 1}}},
)  # fmt: skip
REFERENCES = (
    "#/$defs/a", "#/$defs/b", "#/$defs/nothing", "#", "http://127.0.0.1:9/x", "file:///etc/hosts", "b.json#a",
)  # fmt: skip
# the two engines agree on what these mean
PATTERNS = ("^a", "b+", "^[a-z]*$", "[0-9]", "(a|b)+", "^(a+)+$", "(", "(?=a)", "a{1,3}", "(a)\\1")
WRONG: tuple[Any, ...] = (None, 5, "x", [], {}, -1, True, ["a", 1], {"$ref": "http://127.0.0.1:9/"})


def attack_schema(chance: random.Random) -> str:
    """Draw a schema, lint and compile it, compare the engines; give it as text."""
    schema = _schema(chance, 0)
    if isinstance(schema, dict) and chance.random() < 0.5:
        schema["$defs"] = {name: _schema(chance, 1) for name in ("a", "b")}
    note = repr(schema)
    try:
        _compare(schema)
    except BaseException as error:
        error.add_note(note)
        raise
    return note


def _compare(schema: Any) -> None:
    try:
        validator = compile_schema(schema)
    except PolicyViolation as refusal:
        line = str(refusal)
        if len(line) > 1_000 or "\n" in line:
            raise ValueError("a refusal that is not one line") from refusal
        return
    jsonschema.Draft202012Validator.check_schema(schema)
    reference = jsonschema.Draft202012Validator(schema, registry=referencing.Registry())
    for value in SMALL:
        fits = validator.fits(value)
        assert fits == reference.is_valid(value), f"the engines differ on {value!r}"
        assert fits == (not validator.problems(value))


def _schema(chance: random.Random, depth: int) -> Any:
    if depth > chance.choice((2, 3, 5)) or chance.random() < 0.06:
        return chance.choice((True, False, {}, {"type": "string"}))
    schema = {}
    for _ in range(chance.randrange(4)):
        keyword, value = _keyword(chance, depth + 1)
        schema[keyword] = chance.choice(WRONG) if chance.random() < 0.03 else value
    return schema


def _keyword(chance: random.Random, depth: int) -> tuple[str, Any]:
    match chance.randrange(12):
        case 0:
            return "type", chance.choice((chance.choice(TYPES), chance.sample(TYPES, 2)))
        case 1:
            return "properties", {name: _schema(chance, depth) for name in chance.sample("abc", 2)}
        case 2:
            return "required", chance.sample("abc", chance.randrange(3))
        case 3:
            keys = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
            return chance.choice(keys), _schema(chance, depth)
        case 4:
            listed = [_schema(chance, depth) for _ in range(chance.randrange(1, 4))]
            return chance.choice(("allOf", "anyOf", "oneOf", "prefixItems")), listed
        case 5:
            return "$ref", chance.choice(REFERENCES)
        case 6:
            return "pattern", chance.choice(PATTERNS)
        case 7:
            return chance.choice(("minimum", "maximum", "exclusiveMinimum")), chance.randrange(-5, 9)
        case 8:
            return chance.choice(("minLength", "maxLength", "minItems", "maxItems", "maxProperties")), (
                chance.choice((0, 1, 2, 3, 10**9))
            )
        case 9:
            return "uniqueItems", chance.random() < 0.7
        case 10:
            return chance.choice(("enum", "const")), chance.choice((["a", 1], [[1], None], [True]))
        case _:
            return "patternProperties", {chance.choice(PATTERNS): _schema(chance, depth)}
