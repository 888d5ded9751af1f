"""Draws calls that are likely to get somewhere: identifiers come from the state and from earlier answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.laws import field_values
from sandbox.packs import ToolSpec
from sandbox.schema import Validator
from sandbox.types import Call, Snapshot
from sandbox.values import Chooser, draw_value, resolve
from sandbox.world import values_at

__all__ = ["draw_call"]


def draw_call(
    tools: Sequence[ToolSpec],
    fits: Mapping[str, Validator],
    chooser: Chooser,
    here: Snapshot,
    answers: Sequence[object],
) -> Call | None:
    """Draw a tool and arguments that fit its schema; None if the draw came to nothing."""
    tool = tools[chooser.integer(0, len(tools) - 1)]
    parameters = resolve(tool.parameters, tool.parameters)
    required = set(parameters.get("required", ()))
    arguments = {
        name: _draw_field(resolve(schema, tool.parameters), tool, name, chooser, here, answers)
        for name, schema in parameters.get("properties", {}).items()
        if name in required or chooser.integer(0, 1)
    }
    return Call(name=tool.name, arguments=arguments) if fits[tool.name].fits(arguments) else None


def _draw_field(
    schema: Any, tool: ToolSpec, name: str, chooser: Chooser, here: Snapshot, answers: Sequence[object]
) -> Any:
    known = _known_values(schema, name, here, answers)
    if not known or not chooser.integer(0, 4):
        if known and isinstance(known[0], str) and schema.get("type") == "string" and chooser.integer(0, 1):
            return _near_miss(known[chooser.integer(0, len(known) - 1)], chooser)
        return draw_value(schema, chooser, tool.parameters)
    if schema.get("type") == "array":
        count = chooser.integer(schema.get("minItems", 1), 2)
        return [known[chooser.integer(0, len(known) - 1)] for _ in range(count)]
    return known[chooser.integer(0, len(known) - 1)]


def _near_miss(identifier: str, chooser: Chooser) -> str:
    """Change an identifier's digits: it keeps its pattern and most likely names nothing."""
    return "".join(str(chooser.integer(0, 9)) if sign.isdecimal() else sign for sign in identifier)


def _known_values(schema: Any, name: str, here: Snapshot, answers: Sequence[object]) -> list[Any]:
    """List values that the state or an earlier answer holds for a parameter of this name."""
    sourced: list[Any] = []
    for source in schema.get("x-source", ()):
        if isinstance(source, Mapping) and isinstance(source.get("world"), str):
            sourced += [
                value for value in values_at(here.state, source["world"]) if isinstance(value, (str, int))
            ]
        elif isinstance(source, Mapping) and isinstance(source.get("path"), str):
            sourced += field_values([here.state, answers], source["path"].rpartition(".")[2])
    if "enum" in schema or (not sourced and schema.get("type") not in ("string", "array")):
        return sourced
    singular = name.removesuffix("s")
    return list(dict.fromkeys([*sourced, *field_values([here.state, answers], singular)]))
