"""Declared tools made ready for judging: linted and compiled once per distinct schema.

A declared schema is untrusted input: it may ask for a remote document, nest without end or carry a pattern
that takes exponential time.  So references stay inside the schema, size is capped, and patterns run in an
engine with a bounded number of steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

import jsonschema_rs
import orjson

from sandbox import Reach, reach_of
from toolace_mt.checks.schema_references import leads_to_itself
from toolace_mt.json_path import child
from toolace_mt.same import Same
from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue

__all__ = ["CompiledTool", "Toolset", "compile_schema", "toolset_of"]

MAX_SCHEMA_LETTERS = 256 * 1024
MAX_SCHEMA_DEPTH = 48
_BACKTRACK_LIMIT = 100_000
_NONE = reach_of("")
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_LEAVES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "integer": (int, float), "number": (int, float), "boolean": bool,
}  # fmt: skip
_VALUES = ("enum", "const", "default", "examples", "example")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_OPEN_KEYWORDS = (
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "patternProperties",
    "$dynamicRef",
    "$recursiveRef",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSchema:
    """``validator`` is None exactly if ``problem`` says why the schema cannot be used.

    ``contradictions`` are parts that no value can fit; the validator is without them.
    """

    validator: Any  # jsonschema_rs gives its validators no public common type
    problem: str | None
    reach: Reach = _NONE
    contradictions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledTool:
    """A declared tool with its compiled parameters.  Equal only to itself.

    ``known`` are the parameter names if the schema closes the list (or says nothing about others), else None.
    """

    tool: DeclaredTool
    schema: CompiledSchema
    known: frozenset[str] | None
    required: frozenset[str]
    contradictions: tuple[str, ...] = ()

    @property
    def properties(self) -> Mapping[str, JsonValue]:
        return _object((self.tool.parameters or {}).get("properties"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolset:
    """The tools of a record by name; of tools with one name, the first counts."""

    by_name: Mapping[str, CompiledTool]
    duplicates: tuple[str, ...]


def toolset_of(tools: tuple[DeclaredTool, ...]) -> Toolset:
    """Compile the tools; records that share all of them, or one (as readers arrange), pay once for that."""
    return _compile_all(Same(tools))


@lru_cache(maxsize=64)
def _compile_all(key: Same[tuple[DeclaredTool, ...]]) -> Toolset:
    by_name: dict[str, CompiledTool] = {}
    duplicates: list[str] = []
    for tool in key.one:
        if tool.name in by_name:
            duplicates.append(tool.name)
        else:
            by_name[tool.name] = _compile_tool(Same(tool))
    return Toolset(by_name=by_name, duplicates=tuple(duplicates))


@lru_cache(maxsize=2048)
def _compile_tool(key: Same[DeclaredTool]) -> CompiledTool:
    tool = key.one
    parameters: JsonObject = {} if tool.parameters is None else tool.parameters
    known = _known(tool.parameters)
    listed = parameters.get("required")
    names = listed if isinstance(listed, (list, tuple)) else ()
    required = frozenset(name for name in names if isinstance(name, str))
    unheard = frozenset[str]() if known is None else required - known
    if known is not None and unheard:
        parameters = {**parameters, "required": [name for name in names if name not in unheard]}
        known |= unheard
    schema = compile_schema(parameters)
    told = (f"{name!r} is required and is no parameter" for name in sorted(unheard))
    return CompiledTool(
        tool=tool,
        schema=schema,
        known=known,
        required=required - unheard,
        contradictions=(*told, *schema.contradictions),
    )


def _known(parameters: JsonObject | None) -> frozenset[str] | None:
    if parameters is None or any(keyword in parameters for keyword in _OPEN_KEYWORDS):
        return None
    if parameters.get("additionalProperties", False) is not False:
        return None
    return frozenset(_object(parameters.get("properties")))


def compile_schema(schema: JsonObject) -> CompiledSchema:
    """Lint and compile a JSON Schema; equal schemas are compiled once."""
    try:
        return _compile(
            orjson.dumps(schema).decode()
        )  # bytes of orjson's take 4 KB for as long as they are kept
    except (orjson.JSONEncodeError, RecursionError) as error:
        return CompiledSchema(validator=None, problem=f"the schema is no plain JSON: {error}")


@lru_cache(maxsize=4096)
def _compile(text: str) -> CompiledSchema:
    if len(text) > MAX_SCHEMA_LETTERS:
        return CompiledSchema(
            validator=None, problem=f"the schema is longer than {MAX_SCHEMA_LETTERS} letters"
        )
    schema = orjson.loads(text)
    problem = _lint(schema, schema, depth=0)
    if problem is not None:
        return CompiledSchema(validator=None, problem=problem)
    contradictions: list[str] = []
    schema = _satisfiable(schema, "$", contradictions)
    try:
        validator = _validator(schema)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        return CompiledSchema(validator=None, problem=_pseudo_type(schema, "$") or _one_line(error))
    return CompiledSchema(
        validator=validator, problem=None, reach=reach_of(text), contradictions=tuple(contradictions)
    )


def _validator(schema: dict[str, Any]) -> Any:
    """Compile as today's draft; else, where the schema names none, as one in which items may be a list."""
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACK_LIMIT)
    try:
        return jsonschema_rs.validator_for(schema, retriever=_refuse, pattern_options=options)
    except ValueError:
        if "$schema" in schema:
            raise
        try:
            return jsonschema_rs.Draft7Validator(schema, retriever=_refuse, pattern_options=options)
        except ValueError:
            pass
        raise


def _satisfiable(value: Any, path: str, contradictions: list[str]) -> Any:
    """Leave out an enum and a type of which no member of the one has the other."""
    if isinstance(value, list):
        return [_satisfiable(item, child(path, index), contradictions) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    written, members = value.get("type"), value.get("enum")
    kinds = _LEAVES.get(written) if isinstance(written, str) else None
    if kinds and isinstance(members, list) and members and not any(isinstance(one, kinds) for one in members):
        contradictions.append(f"{path}: no member of the enum is of type {written!r}")
        value = {key: item for key, item in value.items() if key not in ("type", "enum")}
    return {
        key: item if key in _VALUES else _satisfiable(item, child(path, key), contradictions)
        for key, item in value.items()
    }


def _lint(value: object, schema: object, *, depth: int) -> str | None:
    if depth > MAX_SCHEMA_DEPTH:
        return f"the schema is nested deeper than {MAX_SCHEMA_DEPTH}"
    if isinstance(value, dict):
        for keyword in _REFERENCES:
            target = value.get(keyword)
            if isinstance(target, str) and not target.startswith("#"):
                return f"{keyword} leads outside the schema: {target[:80]!r}"
        reference = value.get("$ref")
        if isinstance(reference, str) and leads_to_itself(reference, schema):
            return f"$ref leads only to itself: {reference[:80]!r}"
        children = list(value.values())
    else:
        children = value if isinstance(value, list) else []
    return next(
        (found for item in children if (found := _lint(item, schema, depth=depth + 1)) is not None), None
    )


def _pseudo_type(value: object, path: str) -> str | None:
    """The commonest fault by far: types of another language, such as ``str`` or ``dict``."""
    if isinstance(value, list):
        nested = (_pseudo_type(item, child(path, index)) for index, item in enumerate(value))
    elif isinstance(value, dict):
        written = value.get("type")
        if isinstance(written, str) and written not in _TYPES:
            return f"{path}.type: {written[:40]!r} is no JSON Schema type"
        nested = (_pseudo_type(item, child(path, key)) for key, item in value.items())
    else:
        return None
    return next((found for found in nested if found is not None), None)


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"remote schemas are not fetched: {uri}")


def _one_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    where = next((line.rstrip(":") for line in lines if line.startswith("On instance[")), "")
    return f"{lines[0] if lines else type(error).__name__} {where.removeprefix('On ')}".strip()[:300]


def _object(value: object) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}
