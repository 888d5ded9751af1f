"""Arguments that are wrong in exactly one way, to see that they are refused before a tool runs (P15)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.values import Chooser, draw_value, resolve

__all__ = ["RandomChooser", "spoilt_arguments"]

WRONG_TYPE: dict[str, Any] = {
    "array": "not a list",
    "boolean": "not a boolean",
    "integer": "not a number",
    "number": "not a number",
    "object": "not an object",
    "string": 7,
}


class RandomChooser:
    """Chance from a seeded generator (see ``values.Chooser``)."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def integer(self, low: int, high: int) -> int:
        """Choose an integer, both ends included."""
        return self._chance.randint(low, high)

    def matching(self, pattern: str) -> str:
        """Give some text; a seeded generator has no texts for patterns."""
        return pattern.strip("^$")


def spoilt_arguments(parameters: Mapping[str, Any], chooser: Chooser) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (what is wrong, arguments): each keyword of the parameters' schema negated once."""
    good = draw_value(parameters, chooser)
    if not isinstance(good, dict):
        return
    yield "an unknown argument", {**good, "no_such_argument": 1}
    for name in parameters.get("required", ()):
        yield f"a missing {name}", {key: value for key, value in good.items() if key != name}
    for name, schema in parameters.get("properties", {}).items():
        resolved = resolve(schema, parameters)
        if isinstance(resolved, Mapping):
            for what, value in _spoilt_values(resolved):
                yield f"{name} {what}", {**good, name: value}


def _spoilt_values(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = schema.get("type")
    if isinstance(kind, str) and kind in WRONG_TYPE:
        yield "of a wrong type", WRONG_TYPE[kind]
        yield "that is null", None
    if kind == "integer":
        yield "with a fraction", 1.5
    if schema.get("enum") and kind == "string":
        yield "outside its enum", "no such choice"
    if kind in ("integer", "number"):
        for keyword, beyond in (
            ("minimum", -1),
            ("exclusiveMinimum", 0),
            ("maximum", 1),
            ("exclusiveMaximum", 0),
        ):
            if isinstance(schema.get(keyword), (int, float)):
                yield f"beyond its {keyword}", schema[keyword] + beyond
    if kind == "string" and schema.get("minLength", 0) > 0:
        yield "shorter than minLength", ""
    if kind == "string" and isinstance(schema.get("maxLength"), int):
        yield "longer than maxLength", "x" * (schema["maxLength"] + 1)
    if kind == "array" and schema.get("minItems", 0) > 0:
        yield "with fewer than minItems", []
