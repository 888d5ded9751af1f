"""Whether the arguments of a call fit the tool's parameters (TA3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jsonschema_rs

from sandbox import errors_of
from toolace_mt.checks.observations import CallSite
from toolace_mt.checks.references import is_wildcard, labels_before, refers
from toolace_mt.checks.toolset import CompiledTool, Toolset
from toolace_mt.findings import Finding
from toolace_mt.formats.call_text import loose_value
from toolace_mt.formats.json_text import NotJsonError
from toolace_mt.json_path import child, path_of
from toolace_mt.provenance import is_expression
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["check_arguments"]

_SHOWN = 160
_LITERAL_KEYWORDS = ("enum", "const")


def check_arguments(
    sites: tuple[CallSite, ...],
    toolset: Toolset,
    *,
    is_reference: bool = False,
    values_as_text: bool = False,
    names_variables: bool = False,
) -> Iterator[Finding]:
    """Find arguments that are missing, unknown or break the schema (TA301 to TA306).

    Calls of undeclared tools, with unparsable arguments, or under a schema that is itself invalid are not
    judged here: other rules name those.
    """
    labels = labels_before(sites)
    for site in sites:
        tool = toolset.by_name.get(site.call.name)
        if tool is None or site.call.arguments is None or tool.schema.validator is None:
            continue
        if _fits(tool, site.call.arguments):
            continue
        known = labels.get(site.where, frozenset())
        leave = _Leave(known, is_reference, values_as_text, names_variables)
        for rule, message, path in dict.fromkeys(_offences(tool, site.call.arguments, leave)):
            yield Finding(
                rule=rule,
                message=f"{site.call.name}: {message}"[:_SHOWN],
                turn=site.turn,
                call=site.number,
                path=path,
            )


@dataclass(frozen=True, slots=True)
class _Leave:
    """What is not judged: references whose value is not known yet, numbers where all values are text, and
    variables and constants of the program around the call."""

    labels: frozenset[str]
    is_reference: bool
    values_as_text: bool
    names_variables: bool

    def skips(self, error: jsonschema_rs.ValidationError) -> bool:
        value = error.instance
        if not isinstance(value, str):
            return False
        if refers(value, self.labels) or (self.is_reference and is_wildcard(value)):
            return True
        if self.names_variables and error.kind.name == "type" and is_expression(value):
            return True
        return self.values_as_text and error.kind.name == "type" and _spells(value, error.kind.as_dict())


def _spells(text: str, wanted: Mapping[str, JsonValue]) -> bool:
    """Tell whether the text is a value of one of the wanted types, written down."""
    types = wanted.get("types")
    try:
        value = loose_value(text)
    except NotJsonError:
        return False
    validator = jsonschema_rs.validator_for({"type": list(types) if isinstance(types, (list, tuple)) else []})
    return bool(validator.is_valid(value))


def _fits(tool: CompiledTool, arguments: JsonObject) -> bool:
    if tool.known is not None and not tool.known.issuperset(arguments):
        return False
    return bool(tool.schema.validator.is_valid(arguments))


def _offences(tool: CompiledTool, arguments: JsonObject, leave: _Leave) -> Iterator[tuple[str, str, str]]:
    named: set[str] = set()
    if tool.known is not None:
        for name in arguments:
            if name not in tool.known:
                named.add(name)
                yield "TA302", f"{name!r} is no parameter", child("$", name)
    errors = errors_of(tool.schema.validator, tool.schema.reach, arguments)
    if errors is None:
        yield "TA305", "the arguments do not fit the schema, and are too large to say where", "$"
    for error in errors or ():
        if not leave.skips(error):
            yield from _offence(tool, error, named)


def _offence(
    tool: CompiledTool, error: jsonschema_rs.ValidationError, named: set[str]
) -> Iterator[tuple[str, str, str]]:
    keys: list[str | int] = list(error.instance_path)
    match error.kind.name:
        case "required":
            missing = str(error.kind.value)
            yield "TA301", f"{missing!r} is missing", path_of([*keys, missing])
        case "additionalProperties" | "unevaluatedProperties":
            for name in error.kind.value:
                if keys or name not in named:
                    yield "TA302", f"{name!r} is no parameter", path_of([*keys, name])
        case _ if error.instance in (None, "") and _is_optional(tool, keys):
            nothing = "null" if error.instance is None else "an empty text"
            yield "TA306", f"{nothing} is given for {keys[-1]!r}, which may be left out", path_of(keys)
        case "type":
            yield "TA303", str(error.message), path_of(keys)
        case "enum" | "const":
            if not _elements_allowed(error):
                yield "TA304", str(error.message), path_of(keys)
        case "anyOf" | "oneOf":
            yield _combination_rule(error), str(error.message), path_of(keys)
        case _:
            yield "TA305", str(error.message), path_of(keys)


def _is_optional(tool: CompiledTool, keys: list[str | int]) -> bool:
    """A parameter that is not required, or a member of a nested value (whose list is not at hand)."""
    return bool(keys) and isinstance(keys[-1], str) and (len(keys) > 1 or keys[0] not in tool.required)


def _elements_allowed(error: jsonschema_rs.ValidationError) -> bool:
    """Many tools write the elements' enum on the array parameter itself; that is what they mean."""
    if not isinstance(error.instance, list) or error.kind.name != "enum":
        return False
    options: list[JsonValue] = error.kind.value
    return not any(isinstance(option, (list, Mapping)) for option in options) and all(
        item in options for item in error.instance
    )


def _combination_rule(error: jsonschema_rs.ValidationError) -> str:
    """What fails every alternative for its type is of the wrong type; for its literals, not in the enum."""
    branches = [{inner.kind.name for inner in branch} for branch in error.kind.as_dict().get("context", ())]
    if branches and all(kinds and kinds <= {"type"} for kinds in branches):
        return "TA303"
    if branches and all(kinds and kinds <= {"type", *_LITERAL_KEYWORDS} for kinds in branches):
        return "TA304"
    return "TA305"
