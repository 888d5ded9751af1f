"""Draws JSON values that fit a linted schema; for property tests of tools, not for every schema there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sandbox.schema import count_of

__all__ = ["Chooser", "draw_value", "resolve"]

DEEP = 6
"""Below so many levels nothing is drawn that may be left out, for it doubles with each."""
INTEGER_SPREAD = 20
EXTRA_ITEMS = 3
WORDS = ("alpha", "beta", "gamma", "delta", "x", "")
DATES = ("2026-03-02", "2026-03-03", "2026-03-14", "2026-02-28", "2027-01-01")
ANY_TYPE = ("string", "integer", "boolean", "null")


class Chooser(Protocol):
    """Where chance comes from: a seeded generator or a property-testing library."""

    def integer(self, low: int, high: int) -> int:
        """Choose an integer, both ends included."""

    def matching(self, pattern: str) -> str:
        """Choose a text that a regular expression matches."""


def resolve(schema: Any, root: Any) -> Any:
    """Follow a local reference; a schema without one is returned as it is."""
    while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
        place, _, name = schema["$ref"].removeprefix("#/").partition("/")
        schema = root.get(place, {}).get(name, {})
    return schema


def draw_value(schema: Any, chooser: Chooser, root: Any = None, depth: int = 0) -> Any:
    """Draw a value.  It nearly always fits; check it, for keywords may contradict one another."""
    root = schema if root is None else root
    schema = resolve(schema, root)
    if not isinstance(schema, Mapping):
        return _choice(WORDS, chooser)
    if "const" in schema:
        return schema["const"]
    examples = schema.get("x-examples")
    if "enum" not in schema and isinstance(examples, (list, tuple)) and examples and chooser.integer(0, 3):
        return _choice(examples, chooser)
    if schema.get("enum"):
        return _choice(schema["enum"], chooser)
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            rest = {key: value for key, value in schema.items() if key != keyword}
            chosen = _plain(_choice(schema[keyword], chooser), root)
            return draw_value({**rest, **chosen}, chooser, root, depth)
    if schema.get("allOf"):
        return draw_value(_merged(schema, root), chooser, root, depth)
    return _draw_type(_type_of(schema, chooser), schema, chooser, root, depth)


def _plain(part: Any, root: Any) -> Mapping[str, Any]:
    """A schema may be ``true``, which demands nothing."""
    part = resolve(part, root)
    return part if isinstance(part, Mapping) else {}


def _merged(schema: Mapping[str, Any], root: Any) -> dict[str, Any]:
    merged = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        for key, value in _plain(part, root).items():
            if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
                merged[key] = {**merged[key], **value}
            else:
                merged[key] = value
    return merged


def _type_of(schema: Mapping[str, Any], chooser: Chooser) -> str:
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    if isinstance(kind, Sequence) and kind:
        return str(_choice(kind, chooser))
    if "properties" in schema:
        return "object"
    return str(_choice(ANY_TYPE, chooser))


def _draw_type(kind: str, schema: Mapping[str, Any], chooser: Chooser, root: Any, depth: int) -> Any:
    match kind:
        case "null":
            return None
        case "boolean":
            return bool(chooser.integer(0, 1))
        case "integer":
            return _draw_integer(schema, chooser)
        case "number":
            return _draw_number(schema, chooser)
        case "array":
            return _draw_array(schema, chooser, root, depth)
        case "object":
            return _draw_object(schema, chooser, root, depth)
        case _:
            return _draw_text(schema, chooser)


def _bounds(schema: Mapping[str, Any], unit: float) -> tuple[float, float]:
    low = schema.get("minimum", None)
    high = schema.get("maximum", None)
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + unit
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - unit
    if low is None:
        low = 0 if high is None else min(0, high - INTEGER_SPREAD)
    if high is None:
        high = low + INTEGER_SPREAD
    return low, high


def _draw_integer(schema: Mapping[str, Any], chooser: Chooser) -> int:
    low, high = _bounds(schema, 1)
    unit = schema.get("multipleOf", 1)
    if isinstance(unit, int) and unit > 1:
        return unit * chooser.integer(int(-(-low // unit)), max(int(high // unit), int(-(-low // unit))))
    return chooser.integer(int(-(-low // 1)), max(int(high // 1), int(-(-low // 1))))


def _draw_number(schema: Mapping[str, Any], chooser: Chooser) -> float:
    low, high = _bounds(schema, 0.01)
    return min(max(low + (high - low) * chooser.integer(0, 100) / 100, low), high)


def _draw_text(schema: Mapping[str, Any], chooser: Chooser) -> str:
    if isinstance(schema.get("pattern"), str):
        return chooser.matching(schema["pattern"])
    match schema.get("format"):
        case "date":
            return str(_choice(DATES, chooser))
        case "date-time":
            return f"{_choice(DATES, chooser)}T18:30:00Z"
        case _:
            text = str(_choice(WORDS, chooser))
    text = text.ljust(count_of(schema, "minLength"), "x")
    return text[: count_of(schema, "maxLength", len(text))]


def _draw_array(schema: Mapping[str, Any], chooser: Chooser, root: Any, depth: int) -> list[Any]:
    fewest = count_of(schema, "minItems")
    extra = EXTRA_ITEMS if depth < DEEP else 0
    most = min(count_of(schema, "maxItems", fewest + extra), fewest + extra)
    items = schema.get("items", {})
    values: list[Any] = []
    for _ in range(chooser.integer(fewest, max(fewest, most))):
        value = draw_value(items, chooser, root, depth + 1)
        if not schema.get("uniqueItems") or value not in values:
            values.append(value)
    return values


def _draw_object(schema: Mapping[str, Any], chooser: Chooser, root: Any, depth: int) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    return {
        name: draw_value(part, chooser, root, depth + 1)
        for name, part in schema.get("properties", {}).items()
        if name in required or (depth < DEEP and chooser.integer(0, 1))
    }


def _choice(values: Sequence[Any], chooser: Chooser) -> Any:
    return values[chooser.integer(0, len(values) - 1)]
