"""What is wrong with a value by a schema, as far as it can be told at a bearable price.

jsonschema-rs finds all errors at once and each holds a copy of what it is about: of a schema and a value of a
few kilobytes it can make gigabytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jsonschema_rs
import orjson

__all__ = ["Reach", "errors_of", "reach_of"]

MOST_BYTES = 128 << 20
_BYTES_PER_ERROR = 1_700  # measured with jsonschema-rs 0.60, beside the copy


class Reach(NamedTuple):
    """How many errors a schema can find in one place: in all, and before it can tell the first.

    The first is told at once, unless it is that no alternative fits: that needs the errors of each.
    """

    all: int
    first: int


def reach_of(schema: str) -> Reach:
    """Estimate it from the schema's text, generously."""
    parts = (schema.count("{") + schema.count(",") + 1) * (1 + schema.count("$ref"))
    return Reach(parts, parts if '"anyOf"' in schema or '"oneOf"' in schema else 1)


def errors_of(validator: Any, reach: Reach, value: object) -> list[jsonschema_rs.ValidationError] | None:
    """Give all errors, the first where they could be too many; None where even that one is too dear."""
    if validator.is_valid(value):
        return []
    price = _price(value)
    if reach.all * price <= MOST_BYTES:
        return list(validator.iter_errors(value))
    if reach.first * price > MOST_BYTES:
        return None
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        return [error]
    return []


def _price(value: object) -> int:
    """The bytes of an error in each place of the value."""
    try:
        text = orjson.dumps(value)
    except (orjson.JSONEncodeError, RecursionError):  # a half surrogate, a huge number
        text = repr(value).encode("utf-8", "replace")
    places = text.count(b",") + text.count(b"[") + text.count(b"{") + 1
    return len(text) + _BYTES_PER_ERROR * places
