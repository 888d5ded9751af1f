"""Sees at a glance that a value is plain JSON, if it looks as a schema lets expect.

The schema is only a guess of what to look for: whatever it says, nothing else than plain JSON is let through,
and of what looks otherwise nothing is known yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.state.plain import CHARACTERS_PER_NODE, MAX_INTEGER, MAX_NODES

__all__ = ["glance_by"]

MAX_ITEMS = 50
_Look = Callable[[Any], bool]


def glance_by(schema: object) -> _Look:
    """Make a function that is only ever true of plain JSON, and takes half of the time to say so."""
    most = _most_parts(schema)
    if most is None or most > MAX_NODES:
        return _see_nothing
    look = _look(schema, CHARACTERS_PER_NODE * MAX_NODES // most)

    def glance(value: Any) -> bool:
        try:
            return look(value)
        except KeyError:
            return False

    return glance


def _see_nothing(_: Any) -> bool:
    return False


def _most_parts(schema: object) -> int | None:
    """Count the parts of the largest value that will be looked at; None for a schema that says too little."""
    match schema:
        case {"type": "object", "properties": Mapping() as properties}:
            counts = [_most_parts(part) for part in properties.values()]
            return None if None in counts else 1 + sum(2 * count for count in counts if count is not None)
        case {"type": "array", "items": Mapping() as items}:
            count = _most_parts(items)
            return None if count is None else 1 + MAX_ITEMS * count
        case {"type": "string" | "integer" | "boolean" | "null" | [*_]} | {"anyOf": _} | {"enum": _}:
            return 1
        case _:
            return None


def _look(schema: Any, longest: int) -> _Look:
    match schema:
        case {"type": "object"}:
            return _look_at_object(schema["properties"], longest)
        case {"type": "array"}:
            return _look_at_list(_look(schema["items"], longest))
        case _:
            return lambda value: _is_light(value, longest)


def _is_light(value: Any, longest: int) -> bool:
    kind = type(value)
    if kind is str:
        return len(value) <= longest and value.isascii()
    if kind is int:
        return bool(-MAX_INTEGER <= value <= MAX_INTEGER)
    return value is None or kind is bool


def _look_at_list(look: _Look) -> _Look:
    def look_at_list(value: Any) -> bool:
        if type(value) is not list or len(value) > MAX_ITEMS:
            return False
        for part in value:  # noqa: SIM110  # a generator takes twice as long to start
            if not look(part):
                return False
        return True

    return look_at_list


def _look_at_object(properties: Mapping[str, Any], longest: int) -> _Look:
    texts = tuple(name for name, part in properties.items() if part.get("type") == "string")
    whole = tuple(name for name, part in properties.items() if part.get("type") == "integer")
    others = tuple(
        (name, _look(part, longest))
        for name, part in properties.items()
        if part.get("type") not in ("string", "integer")
    )
    size = len(properties)
    if not all(name.isascii() and len(name) <= longest for name in properties):
        return _see_nothing

    def look_at_object(value: Any) -> bool:
        if type(value) is not dict or len(value) != size:
            return False
        for name in texts:
            text = value[name]
            if type(text) is not str or len(text) > longest or not text.isascii():
                return False
        for name in whole:
            number = value[name]
            if type(number) is not int or not -MAX_INTEGER <= number <= MAX_INTEGER:
                return False
        for name, look in others:  # noqa: SIM110  # as above
            if not look(value[name]):
                return False
        return True

    return look_at_object
