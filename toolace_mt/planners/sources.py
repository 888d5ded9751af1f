"""Where a parameter's value may come from: the declared ``x-source``, or else its schema.

Everything here is a plain look-up in JSON; the walk decides which of the offers to take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from toolace_mt.phrases import Phrase, label, say
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = [
    "Row",
    "Selector",
    "choices_by_schema",
    "clause_of",
    "properties_of",
    "required_of",
    "rows_at",
    "rows_of_world",
    "selectors_for",
    "sources_of",
]


class Row(NamedTuple):
    """A value on offer and the record that it stands in."""

    value: JsonValue
    record: JsonObject


@dataclass(frozen=True, slots=True)
class Selector:
    """A way for the user to say which row is meant, e.g. "the one with the desk lamp".

    One that ``compares`` ("the latest one") means something only while the rows are in view.
    """

    row: Row
    phrase: Phrase
    compares: bool = False


def properties_of(parameters: JsonObject) -> dict[str, JsonObject]:
    """The parameters' own schemas by name."""
    properties = parameters.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: schema for name, schema in properties.items() if isinstance(schema, Mapping)}


def required_of(parameters: JsonObject) -> frozenset[str]:
    """The names of the parameters that every call must give."""
    required = parameters.get("required")
    return frozenset(map(str, required)) if isinstance(required, list | tuple) else frozenset()


def sources_of(schema: JsonObject) -> tuple[JsonObject, ...]:
    """The entries of a parameter's ``x-source``."""
    declared = schema.get("x-source")
    if not isinstance(declared, Sequence) or isinstance(declared, str):
        return ()
    return tuple(entry for entry in declared if isinstance(entry, Mapping))


def clause_of(name: str, schema: JsonObject) -> str:
    """The template in which the user tells this parameter."""
    declared = schema.get("x-say")
    return declared if isinstance(declared, str) else f"the {label(name)} is {{}}"


def rows_at(value: JsonValue, path: str) -> tuple[Row, ...]:
    """The rows that a path with at most one ``*`` leads to; none when it leads nowhere."""
    return tuple(_walk(value, path.split("."), {}))


def _walk(value: JsonValue, parts: list[str], record: JsonObject) -> Iterator[Row]:
    if not parts:
        if isinstance(value, str | int | float):
            yield Row(value, record)
        return
    if parts[0] == "*":
        members = value.values() if isinstance(value, Mapping) else value
        if isinstance(members, Sequence | type({}.values())) and not isinstance(members, str):
            for member in members:
                yield from _walk(member, parts[1:], member if isinstance(member, Mapping) else record)
    elif isinstance(value, Mapping) and parts[0] in value:
        yield from _walk(value[parts[0]], parts[1:], record or value)


def rows_of_world(
    state: JsonObject, entry: JsonObject, *, persona_table: str | None, persona: JsonObject, persona_key: str
) -> tuple[Row, ...]:
    """The rows that a ``{"world": path, "where": {...}}`` source offers to this persona."""
    path = str(entry["world"])
    rows = rows_at(state, path)
    if persona_table and path.startswith(f"{persona_table}.*"):
        rows = tuple(row for row in rows if row.record == persona)
    where = entry.get("where")
    if isinstance(where, Mapping):
        wanted = {field: _bound(value, persona, persona_key) for field, value in where.items()}
        rows = tuple(
            row for row in rows if all(row.record.get(field) == want for field, want in wanted.items())
        )
    return rows


def _bound(value: JsonValue, persona: JsonObject, persona_key: str) -> JsonValue:
    if value == "@persona":
        return persona_key
    if isinstance(value, str) and value.startswith("@persona."):
        return persona.get(value.removeprefix("@persona."))
    return value


def selectors_for(rows: Sequence[Row], ways: JsonValue) -> tuple[Selector, ...]:
    """Every declared way to name exactly one of several rows."""
    if not isinstance(ways, Sequence) or isinstance(ways, str):
        return ()
    found: list[Selector] = []
    for way in ways:
        if isinstance(way, Mapping):
            found.extend(_by_extreme(rows, way) if "pick" in way else _by_unique_field(rows, way))
    return tuple(found)


def _by_unique_field(rows: Sequence[Row], way: JsonObject) -> Iterator[Selector]:
    field = str(way["field"])
    values = [row.record.get(field) for row in rows]
    for row, value in zip(rows, values, strict=True):
        if isinstance(value, str | int) and not isinstance(value, bool) and values.count(value) == 1:
            yield Selector(row, say(str(way["say"]), value))


def _by_extreme(rows: Sequence[Row], way: JsonObject) -> Iterator[Selector]:
    field = str(way["field"])
    keyed = [(row.record[field], row) for row in rows if isinstance(row.record.get(field), int | float | str)]
    if len(keyed) != len(rows) or len({type(value) is str for value, _ in keyed}) != 1:
        return
    keyed.sort(key=lambda pair: pair[0], reverse=way["pick"] == "max")  # type: ignore[arg-type,return-value]  # one type: checked above
    if len(keyed) > 1 and keyed[0][0] != keyed[1][0]:
        yield Selector(keyed[0][1], Phrase(str(way["say"])), compares=True)


def choices_by_schema(schema: JsonObject) -> tuple[JsonValue, ...]:
    """Values that a person may simply choose: enum members, examples, a small range, true."""
    for key in ("enum", "x-examples"):
        listed = schema.get(key)
        if isinstance(listed, Sequence) and not isinstance(listed, str):
            return tuple(value for value in listed if value is not None)
    match schema.get("type"):
        case "integer":
            return _small_range(schema)
        case "boolean":
            return (True,)
        case "array":
            items = schema.get("items")
            return tuple([value] for value in choices_by_schema(items)) if isinstance(items, Mapping) else ()
        case _:
            return ()


def _small_range(schema: JsonObject) -> tuple[JsonValue, ...]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if not isinstance(low, int) or not isinstance(high, int):
        return ()
    return tuple(range(low, min(high, low + 20) + 1))
