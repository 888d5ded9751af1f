"""Static checks of a tool pack: what its files promise one another, found without running a tool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.errors import SandboxError
from sandbox.packs.invariant_lint import invariant_findings
from sandbox.packs.reading import Pack, ToolSpec
from sandbox.reports import PackFinding
from sandbox.schema import compile_schema
from sandbox.state.values import resolve
from sandbox.state.world import values_at

__all__ = ["lint_pack"]

HINTS: tuple[tuple[str, type | tuple[type, ...], str], ...] = (
    ("x-same", str, "a parameter's name"),
    ("x-differs", str, "a parameter's name"),
    ("x-examples", (list, tuple), "a list"),
    ("x-source", (list, tuple), "a list"),
)
SLOT = re.compile(r"\{([^{}:]*)(?::[a-z]+)?\}")
CODE = "static"


def lint_pack(
    pack: Pack, signatures: Mapping[str, tuple[str, ...]], violation: str | None
) -> tuple[PackFinding, ...]:
    """Check a pack against itself.  ``signatures`` are its functions' parameters, from a worker."""
    findings = list(_world_findings(pack))
    if violation is not None:
        findings.append(_error(violation))
    else:
        findings += _signature_findings(pack, signatures)
    for tool in pack.tools:
        findings += _tool_findings(pack, tool)
    findings += invariant_findings(pack)
    if not pack.tasks:
        findings.append(_warning("tasks.jsonl has no example task"))
    return tuple(findings)


def _error(message: str, tool: str | None = None) -> PackFinding:
    return PackFinding(code=CODE, severity="error", message=message, tool=tool)


def _warning(message: str, tool: str | None = None) -> PackFinding:
    return PackFinding(code=CODE, severity="warning", message=message, tool=tool)


def _world_findings(pack: Pack) -> Iterator[PackFinding]:
    schema = compile_schema(pack.state_schema, where="state.schema.json")
    for name, state in pack.worlds.items():
        for problem in schema.problems(state):
            yield _error(f"worlds/{name}.json {problem.path}: {problem.message}")
        for table, rows in state.items():
            if not isinstance(rows, Mapping):
                yield _error(f"worlds/{name}.json: {table} is no table (an object of rows by key)")
        if pack.persona is not None and not state.get(pack.persona):
            yield _error(f"worlds/{name}.json: the persona's table {pack.persona} has no row")


def _signature_findings(pack: Pack, signatures: Mapping[str, tuple[str, ...]]) -> Iterator[PackFinding]:
    for tool in pack.tools:
        signature = signatures.get(tool.name)
        if signature is None:
            yield _error(f"tools.py has no function {tool.name}", tool.name)
            continue
        if signature[:2] != ("state", "ctx"):
            yield _error(f"{tool.name}() must take state and ctx first", tool.name)
        parameters = set(_properties(tool.parameters))
        for missing in sorted(parameters - set(signature[2:])):
            yield _error(f"{tool.name}() lacks the parameter {missing} of tools.json", tool.name)
        for unknown in sorted(set(signature[2:]) - parameters):
            yield _error(f"{tool.name}() has the parameter {unknown}, which tools.json lacks", tool.name)
    named = {tool.name for tool in pack.tools}
    for function, signature in signatures.items():
        if function not in named and signature[:2] == ("state", "ctx") and function.startswith("tool_"):
            yield _warning(f"the function {function} looks like a tool that tools.json lacks")


def _properties(schema: Any) -> Mapping[str, Any]:
    properties = resolve(schema, schema).get("properties", {})
    return properties if isinstance(properties, Mapping) else {}


def _tool_findings(pack: Pack, tool: ToolSpec) -> Iterator[PackFinding]:
    if not tool.description.strip():
        yield _error("the description is empty", tool.name)
    if tool.parameters.get("additionalProperties") is not False:
        yield _error("parameters must have additionalProperties: false", tool.name)
    for code, text in tool.errors.items():
        if not text.strip():
            yield _error(f"the error {code} is not documented", tool.name)
    tables = {table for state in pack.worlds.values() for table in state}
    for table in tool.touches:
        if table not in tables:
            yield _error(f"touches {table}, a table that no world has", tool.name)
    known = {other.name: other for other in pack.tools}
    for check in tool.checks:
        if check not in known or known[check].effect != "read":
            yield _error(f"checks names {check}, which is no read tool of this pack", tool.name)
    properties = _properties(tool.parameters)
    for name, schema in properties.items():
        yield from _parameter_findings(pack, tool, name, schema)
    for phrase in tool.ask:
        for slot in SLOT.findall(phrase):
            if slot not in properties:
                yield _error(f"ask {phrase!r}: {slot!r} is no parameter", tool.name)


def _parameter_findings(pack: Pack, tool: ToolSpec, name: str, schema: Any) -> Iterator[PackFinding]:
    if not isinstance(schema, Mapping):
        return
    problem = _hint_problem(schema)
    if problem is not None:
        yield _error(f"{name}.{problem}", tool.name)
        return
    for key in ("x-same", "x-differs"):
        if key in schema and schema[key] not in _properties(tool.parameters):
            yield _error(f"{name}.{key}: {schema[key]!r} is no parameter", tool.name)
    plain = {key: value for key, value in schema.items() if not key.startswith("x-")}
    try:
        compiled = compile_schema({**plain, "$defs": tool.parameters.get("$defs", {})}, where=name)
        for example in schema.get("x-examples", ()):
            if not compiled.fits(example):
                yield _error(f"{name}: the example {example!r} does not fit its own schema", tool.name)
    except SandboxError as error:
        yield _error(str(error), tool.name)
    for source in schema.get("x-source", ()):
        yield from _source_findings(pack, tool, name, source)


def _hint_problem(schema: Mapping[str, Any]) -> str | None:
    for key, kind, spoken in HINTS:
        if key in schema and not isinstance(schema[key], kind):
            return f"{key}: must be {spoken}, not {type(schema[key]).__name__}"
    return None


def _source_findings(pack: Pack, tool: ToolSpec, name: str, source: Any) -> Iterator[PackFinding]:
    match source:
        case {"tool": str(other), "path": str(path)}:
            found = [spec for spec in pack.tools if spec.name == other]
            if not found:
                yield _error(f"{name}: x-source names {other}, which is no tool of this pack", tool.name)
            elif not _in_schema(found[0].returns, found[0].returns, path):
                yield _error(f"{name}: x-source {path!r} is not in what {other} returns", tool.name)
        case {"world": str(path)}:
            if not any(True for state in pack.worlds.values() for _ in values_at(state, path)):
                yield _error(f"{name}: x-source {path!r} leads to nothing in any world", tool.name)
        case _:
            yield _error(f"{name}: an x-source is {{tool, path}} or {{world}}", tool.name)


def _in_schema(schema: Any, root: Any, path: str) -> bool:
    """Tell whether a dotted path may exist in values of a schema."""
    schema = resolve(schema, root)
    if not path or schema is True:
        return True
    if not isinstance(schema, Mapping):
        return False
    for keyword in ("anyOf", "oneOf", "allOf"):
        if any(_in_schema(part, root, path) for part in schema.get(keyword, ())):
            return True
    step, _, rest = path.partition(".")
    if step == "*":
        parts = [schema[key] for key in ("items", "additionalProperties") if key in schema]
        return any(_in_schema(part, root, rest) for part in parts)
    properties = schema.get("properties", {})
    if step in properties:
        return _in_schema(properties[step], root, rest)
    extra = schema.get("additionalProperties", False)
    return isinstance(extra, Mapping) and _in_schema(extra, root, rest)
