"""Rules about the declared tools (TA2) and the arguments that calls give them (TA3)."""

from __future__ import annotations

from toolace_mt.checks.rule import Rule
from toolace_mt.findings import Severity

__all__ = ["ARGUMENT_RULES", "TOOL_RULES"]

TOOL_RULES: tuple[Rule, ...] = (
    Rule(
        code="TA201",
        name="undeclared-tool",
        message="A call names a tool that the record does not declare.",
        why="The model learns to invent tools. Records that declare no tools at all are not judged.",
        bad="tools: get_order; call: fetch_order",
        good="tools: get_order; call: get_order",
        fix="Declare the tool, or call one that is declared.",
    ),
    Rule(
        code="TA202",
        name="invalid-tool-schema",
        message="A tool's parameters are no valid JSON Schema that can be judged safely.",
        why="No call to the tool can be checked, and an API that receives the schema refuses it.",
        bad='"parameters": {"type": "dict"}',
        good='"parameters": {"type": "object", "properties": {}}',
        fix="Use JSON Schema types, a required list beside the properties, and only local references.",
    ),
    Rule(
        code="TA203",
        name="duplicate-tool",
        message="Two declared tools have the same name.",
        why="A call cannot say which of the two it means.",
        bad="tools: search, search",
        good="tools: search_flights, search_hotels",
        fix="Rename or remove one of them.",
    ),
    Rule(
        code="TA204",
        name="default-outside-schema",
        message="A parameter's default value breaks the parameter's own schema.",
        why="It is the tool's fault; a call that gives the default would be marked as wrong.",
        bad='{"type": "string", "enum": ["asc", "desc"], "default": "ascending"}',
        good='{"type": "string", "enum": ["asc", "desc"], "default": "asc"}',
        fix="Make the default a member of the enum and of the declared type.",
        severity=Severity.INFO,
    ),
    Rule(
        code="TA205",
        name="foreign-type-name",
        message="A parameter's type has another language's name; calls are judged by what it means.",
        why="An API that receives the schema refuses it, although its meaning is clear.",
        bad='{"type": "dict"} or {"type": "list(str)"}',
        good='{"type": "object"} or {"type": "array", "items": {"type": "string"}}',
        fix="Write JSON Schema's name; `toolace-mt audit --fix` does it.",
        severity=Severity.INFO,
    ),
    Rule(
        code="TA206",
        name="contradictory-schema",
        message="A part of a tool's parameters fits no value; calls are judged without it.",
        why="It is the tool's fault: whatever a call gave there would be marked as wrong.",
        bad='{"type": "integer", "enum": ["1", "2"]}, or "required": ["e-mail"] where the parameter is email',
        good='{"type": "integer", "enum": [1, 2]}, "required": ["email"]',
        fix="Write the members of the enum in the declared type; require only parameters that are declared.",
        severity=Severity.WARNING,
    ),
)

ARGUMENT_RULES: tuple[Rule, ...] = (
    Rule(
        code="TA301",
        name="missing-argument",
        message="A required argument is missing.",
        why="The tool refuses such a call.",
        bad="cancel_order({}) where order_id is required",
        good='cancel_order({"order_id": "O17"})',
        fix="Give the argument, or have the assistant ask the user for it.",
    ),
    Rule(
        code="TA302",
        name="unknown-argument",
        message="An argument is not a parameter of the tool.",
        why="The tool refuses or ignores it. A schema that allows further properties in words is respected.",
        bad='cancel_order({"order_id": "O17", "force": true}) where force is not declared',
        good='cancel_order({"order_id": "O17"})',
        fix="Remove the argument, or declare the parameter.",
    ),
    Rule(
        code="TA303",
        name="wrong-type",
        message="An argument has another type than the schema asks for.",
        why="The tool refuses the call, or worse, takes it for something else.",
        bad='{"quantity": "2"} where quantity is an integer',
        good='{"quantity": 2}',
        fix="Write the value in the declared type.",
    ),
    Rule(
        code="TA304",
        name="not-in-enum",
        message="An argument is none of the allowed values.",
        why="The tool refuses the call. An enum on an array parameter is taken to mean the elements.",
        bad='{"cabin": "premium"} where cabin is economy or business',
        good='{"cabin": "business"}',
        fix="Use one of the listed values, spelled as listed.",
    ),
    Rule(
        code="TA305",
        name="broken-constraint",
        message="An argument breaks a constraint of the schema: a bound, a length, a pattern, a combination.",
        why="The tool refuses the call.",
        bad='{"rating": 7} where the maximum is 5',
        good='{"rating": 5}',
        fix="Choose a value within the constraint.",
    ),
    Rule(
        code="TA306",
        name="null-argument",
        message="null, or an empty text, is given for an optional parameter that does not allow it.",
        why="Many tools take it as if the argument were left out, strict ones refuse it.",
        bad='{"order_id": "O17", "reason": null} where reason is an optional string',
        good='{"order_id": "O17"}',
        fix="Leave the argument out.",
        severity=Severity.WARNING,
    ),
)
