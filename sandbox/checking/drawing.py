"""Draws calls that are likely to get somewhere.

Identifiers come from the state and from what was said before, four times in five.  Two calls in three are
*linked*: each argument is taken, if possible, from a row that goes with the arguments before it.  In the
others every field is drawn on its own.  Numbers lie at the ends of their range or near those in the rows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.checking.known import Known, Record, Scalar, in_common
from sandbox.packs.reading import Pack, ToolSpec
from sandbox.schema import Validator, compile_schema, count_of
from sandbox.state.values import Chooser, draw_value, resolve
from sandbox.types import Call, JsonObject, JsonValue

__all__ = ["Drawer", "Drawing"]

STATES_KEPT = 64
TRIES = 4
MANY_ITEMS = 3
NUMERIC = ("integer", "number")
TEXT_LIMITS = ("pattern", "minLength", "maxLength")
ODD_TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "Zoë's {x} 100 %",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "23:59",
    "2026-12-31T23:59",
    "2020-01-01",
    "2030-01-01T00:00",
    "nobody@example.com",
)


class Drawer:
    """Draws calls of one pack's tools."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.fits: dict[str, Validator] = {
            tool.name: compile_schema(tool.parameters, where=tool.name) for tool in pack.tools
        }
        self._states: OrderedDict[str, Known] = OrderedDict()
        self._odd: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def known(self, state: JsonObject, digest: str) -> Known:
        """Index a state; the digest says when two states are the same one."""
        if digest not in self._states:
            self._states[digest] = Known([state])
            if len(self._states) > STATES_KEPT:
                self._states.popitem(last=False)
        self._states.move_to_end(digest)
        return self._states[digest]

    def odd_texts(self, schema: Mapping[str, Any]) -> tuple[str, ...]:
        """List the awkward texts that fit a parameter's schema."""
        limits = tuple(schema.get(keyword) for keyword in TEXT_LIMITS)
        if limits not in self._odd:
            given = {keyword: limit for keyword, limit in zip(TEXT_LIMITS, limits, strict=True) if limit}
            fits = compile_schema(given, where=self.pack.name).fits
            self._odd[limits] = tuple(text for text in ODD_TEXTS if fits(text))
        return self._odd[limits]

    def call(self, tool: ToolSpec, chooser: Chooser, places: Sequence[Known]) -> Call | None:
        """Draw arguments that fit the tool's schema; None if the draws came to nothing."""
        for _ in range(TRIES):
            linked = chooser.integer(0, 2) > 0
            drawing = Drawing(
                tool=tool, chooser=chooser, places=places, linked=linked, odd_texts=self.odd_texts
            )
            arguments = drawing.arguments()
            if self.fits[tool.name].fits(arguments):
                return Call(name=tool.name, arguments=arguments)
        return None


@dataclass(slots=True, kw_only=True)
class Drawing:
    """One draw of a call's arguments; remembers the rows that it took values from."""

    tool: ToolSpec
    chooser: Chooser
    places: Sequence[Known]
    linked: bool
    odd_texts: Callable[[Mapping[str, Any]], Sequence[str]] = lambda _schema: ()
    context: dict[str, Scalar] = field(default_factory=dict)
    rows: list[Record] = field(default_factory=list)

    def arguments(self) -> dict[str, JsonValue]:
        """Draw all required arguments and about half of the others; numbers come last, for they depend."""
        parameters = resolve(self.tool.parameters, self.tool.parameters)
        drawn = self._properties(parameters)
        return {name: drawn[name] for name in parameters.get("properties", {}) if name in drawn}

    def _properties(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        required = schema.get("required", ())
        parts = [
            (name, resolve(part, self.tool.parameters)) for name, part in schema.get("properties", {}).items()
        ]
        if self.chooser.integer(0, 1):
            parts.reverse()
        parts.sort(key=lambda item: _type(item[1]) in NUMERIC)
        return {
            name: self._value(part, name)
            for name, part in parts
            if name in required or self.chooser.integer(0, 1)
        }

    def _value(self, schema: Any, name: str) -> Any:
        kind = _type(schema)
        if kind == "array" and schema.get("items"):
            items = resolve(schema["items"], self.tool.parameters)
            return self._array(schema, items, name)
        if kind == "object" and schema.get("properties"):
            return self._properties(schema)
        if kind in ("string", *NUMERIC) and not {"enum", "const"} & set(schema):
            return self._scalar(schema, kind, name)
        return draw_value(schema, self.chooser, self.tool.parameters)

    def _array(self, schema: Mapping[str, Any], items: Any, name: str) -> list[Any]:
        fewest = count_of(schema, "minItems")
        most = max(fewest, min(count_of(schema, "maxItems", MANY_ITEMS), fewest + MANY_ITEMS))
        hints = {key: schema[key] for key in ("x-source", "x-examples") if key in schema}
        values: list[Any] = []
        for _ in range(self.chooser.integer(fewest, most)):
            value = self._value({**hints, **items} if isinstance(items, Mapping) else items, name)
            if not schema.get("uniqueItems") or value not in values:
                values.append(value)
        return values

    def _scalar(self, schema: Mapping[str, Any], kind: str, name: str) -> Any:
        known = self._known(schema, kind, name)
        roll = self.chooser.integer(0, 9)
        if known and roll < 8:
            return self._take(known)
        if known and roll == 8 and kind == "string":
            return self._near_miss(str(self._take(known)))
        if kind == "string":
            odd = self.odd_texts(schema) if self.chooser.integer(0, 1) else ()
            return self._choose(odd) if odd else self._fresh(schema)
        return self._number(schema, kind)

    def _fresh(self, schema: Mapping[str, Any]) -> Any:
        return draw_value(schema, self.chooser, self.tool.parameters)

    def _known(self, schema: Mapping[str, Any], kind: str, name: str) -> list[tuple[Scalar, Record]]:
        for fields in _fields(schema, kind, name):
            found = [
                entry
                for place in self.places
                for field_name in fields
                for entry in place.entries(field_name)
                if isinstance(entry[0], str) == (kind == "string")
            ]
            if found:
                return found
        return []

    def _take(self, known: Sequence[tuple[Scalar, Record]]) -> Scalar:
        if self.linked and self.context:
            least = self.chooser.integer(1, 2)
            known = [entry for entry in known if in_common(entry[1], self.context) >= least] or known
        value, record = self._choose(known)
        if self.linked:
            self._remember(record)
        taken: Scalar = value
        return taken

    def _remember(self, record: Record) -> None:
        """Note a row and the rows that it refers to: what comes next should go with them."""
        self.rows.append(record)
        referred = [
            place.rows[value]
            for scalars in record.values()
            for value in scalars
            for place in self.places
            if value in place.rows
        ]
        for row in (record, *referred):
            for name, scalars in row.items():
                if len(scalars) == 1 and isinstance(scalars[0], str):
                    self.context.setdefault(name, scalars[0])

    def _near_miss(self, text: str) -> str:
        """Change a text's digits, all of them or the last one by one: it keeps its pattern."""
        digits = [place for place, sign in enumerate(text) if sign in "0123456789"]
        if not digits:
            return text.swapcase()
        if self.chooser.integer(0, 1):
            digits = digits[-1:]
        signs = list(text)
        for place in digits:
            signs[place] = str(self.chooser.integer(0, 9))
        return "".join(signs)

    def _number(self, schema: Mapping[str, Any], kind: str) -> float:
        roll = self.chooser.integer(0, 2)
        numbers = [
            value
            for record in self.rows
            for scalars in record.values()
            for value in scalars
            if not isinstance(value, str)
        ]
        if roll == 0 and numbers:
            near: float = self._choose(numbers) + self.chooser.integer(-1, 1)
            return int(near) if kind == "integer" else near
        ends = [schema[end] for end in ("minimum", "maximum") if isinstance(schema.get(end), (int, float))]
        if roll == 1 and ends:
            end: float = self._choose(ends)
            return end
        drawn: float = self._fresh(schema)
        return drawn

    def _choose(self, values: Sequence[Any]) -> Any:
        return values[self.chooser.integer(0, len(values) - 1)]


def _type(schema: Any) -> str:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if isinstance(kind, (list, tuple)):
        kind = next((part for part in kind if part != "null"), None)
    return kind if isinstance(kind, str) else ""


def _fields(schema: Mapping[str, Any], kind: str, name: str) -> Iterator[list[str]]:
    """Yield the names of the fields that may hold a parameter's values, the likeliest first."""
    sourced = [
        str(source.get("world", source.get("path", ""))).rpartition(".")[2]
        for source in schema.get("x-source", ())
        if isinstance(source, Mapping)
    ]
    if sourced or kind == "string":
        yield list(dict.fromkeys([*filter(None, sourced), name, name.removesuffix("s")]))
    if kind == "string" and not sourced:
        _, *ends = name.split("_")
        for place in range(len(ends)):
            yield ["_".join(ends[place:])]
