"""What a tool asks for, read from its schema once for all the dialogues that call it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sandbox import ToolSpec
from toolace_mt.planners.sources import properties_of, required_of, sources_of
from toolace_mt.same import Same
from toolace_mt.transcript import JsonObject

__all__ = ["Parameter", "parameters_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One of a tool's parameters: its schema, where its value may come from, and the other one that it must
    differ from."""

    name: str
    schema: JsonObject
    is_required: bool
    sources: tuple[JsonObject, ...]
    differs_from: str


def parameters_of(tool: ToolSpec) -> tuple[Parameter, ...]:
    """The parameters in the order in which the tool declares them."""
    return _parameters_of(Same(tool))


@lru_cache(maxsize=2048)
def _parameters_of(key: Same[ToolSpec]) -> tuple[Parameter, ...]:
    declared = key.one.parameters
    required = required_of(declared)
    return tuple(
        Parameter(
            name=name,
            schema=schema,
            is_required=name in required,
            sources=sources_of(schema),
            differs_from=str(schema.get("x-differs")),
        )
        for name, schema in properties_of(declared).items()
    )
