"""Whether called tools are declared and declared tools can be judged (TA2)."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from functools import lru_cache

from toolace_mt.checks.observations import CallSite
from toolace_mt.checks.toolset import CompiledTool, Toolset, compile_schema
from toolace_mt.findings import Finding
from toolace_mt.json_path import child

__all__ = ["check_declarations", "check_tools_declared"]


def check_tools_declared(sites: tuple[CallSite, ...], toolset: Toolset) -> Iterator[Finding]:
    """Find calls of tools that the record does not declare (TA201)."""
    for site in sites:
        if site.call.name not in toolset.by_name:
            yield Finding(
                rule="TA201",
                message=f"the tool {site.call.name!r} is not declared",
                turn=site.turn,
                call=site.number,
            )


def check_declarations(toolset: Toolset, only: Container[str] | None = None) -> Iterator[Finding]:
    """Find what is wrong with the tools themselves (TA202 to TA206), or with those of the given names.

    Records that share a tool pay once.
    """
    for name in toolset.duplicates:
        if only is None or name in only:
            yield Finding(rule="TA203", message=f"the tool {name!r} is declared twice")
    for name, tool in toolset.by_name.items():
        if only is None or name in only:
            yield from _faults_of(tool)


@lru_cache(maxsize=2048)
def _faults_of(tool: CompiledTool) -> tuple[Finding, ...]:
    return tuple(_declared_wrongly(tool))


def _declared_wrongly(tool: CompiledTool) -> Iterator[Finding]:
    if tool.tool.respelled:
        yield Finding(
            rule="TA205",
            message=f"{tool.tool.name}: {_listed(tool.tool.respelled)} not JSON Schema's name of a type",
            path=tool.tool.respelled[0],
        )
    if tool.schema.problem is not None:
        yield Finding(rule="TA202", message=f"{tool.tool.name}: {tool.schema.problem}", path="$")
        return
    for contradiction in tool.contradictions:
        yield Finding(rule="TA206", message=f"{tool.tool.name}: {contradiction}", path="$")
    yield from _defaults(tool)


def _listed(paths: tuple[str, ...]) -> str:
    more = len(paths) - 1
    return f"{paths[0]} and {more} more are" if more else f"{paths[0]} is"


def _defaults(tool: CompiledTool) -> Iterator[Finding]:
    for name, schema in tool.properties.items():
        if not isinstance(schema, Mapping) or "default" not in schema or "$ref" in schema:
            continue
        if schema["default"] is None:
            continue  # a common way to say that there is no default
        compiled = compile_schema(schema)
        if compiled.validator is not None and not compiled.validator.is_valid(schema["default"]):
            yield Finding(
                rule="TA204",
                message=f"{tool.tool.name}: the default of {name} breaks its own schema",
                path=child("$.properties", name),
            )
