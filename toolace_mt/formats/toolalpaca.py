"""ToolAlpaca: an API's OpenAPI document with instructions, and for each its golden or simulated steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import call_of, read_arguments
from toolace_mt.formats.json_text import NotJsonError, parse_json
from toolace_mt.formats.references import reference, steps_of
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import read_result
from toolace_mt.transcript import (
    DeclaredTool,
    JsonObject,
    JsonValue,
    Message,
    Place,
    RecordedCall,
    Transcript,
)

__all__ = ["ToolAlpacaFormat", "split_instructions"]

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


_ASKING: JsonObject = {
    "name": "getDetails",
    "description": "Ask the user for what is missing.",
    "parameters": {
        "type": "object",
        "properties": {"Question": {"type": "string"}},
        "required": ["Question"],
    },
}
"""A tool that every API of the data set has and no document lists."""


def split_instructions(record: JsonValue) -> Sequence[JsonValue] | None:
    """Cut an API's record into one per instruction, or give None if it is none."""
    if not isinstance(record, (dict, Mapping)) or "Documentation" not in record or "Name" not in record:
        return None
    name = str(record["Name"])
    head: dict[str, JsonValue] = {"api": name, "documentation": record["Documentation"]}
    pieces: list[JsonValue] = []
    instructions, golden = record.get("Instructions"), record.get("Golden_Answers")
    instances = record.get("Instances")
    if isinstance(instances, list) and instances:
        for number, instance in enumerate(instances):
            pieces.append({"toolalpaca": head, "id": f"{name}/{number}", "instance": instance})
    elif isinstance(instructions, list):
        answers = golden if isinstance(golden, list) else []
        for number, instruction in enumerate(instructions):
            steps = answers[number] if number < len(answers) else []
            piece: JsonObject = {"id": f"{name}/{number}", "instruction": instruction, "steps": steps}
            pieces.append({"toolalpaca": head, **piece})
    return pieces or None


class ToolAlpacaFormat:
    """Reads one instruction of an API, as ``split_instructions`` cuts it out."""

    name = "toolalpaca"

    def detect(self, sample: JsonValue) -> bool:
        return isinstance(sample, Mapping) and isinstance(sample.get("toolalpaca"), Mapping)

    def read(self, record: JsonValue, place: Place) -> Transcript:
        head = record.get("toolalpaca") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(head, Mapping):
            raise UnreadableRecordError("the record is no instruction of an API")
        tools = _tools(head.get("documentation"))
        instance = record.get("instance")
        if isinstance(instance, Mapping):
            return Transcript(
                id=str(record.get("id")), messages=tuple(_simulated(instance)), tools=tools, place=place
            )
        steps = record.get("steps")
        calls = [_golden(entry) for entry in steps] if isinstance(steps, list) else []
        return reference(record.get("instruction"), steps_of(calls), record, place, tools)


def _golden(entry: JsonValue) -> RecordedCall:
    """Later steps name an earlier one inside ``${.. from searchAnime}``."""
    call = call_of(entry, "the record")
    name = call.name.removeprefix("[Optional]").strip() or call.name
    return call._replace(name=name, gives=(name,))


def _simulated(instance: JsonObject) -> Iterator[Message]:
    asked = instance.get("input")
    if not isinstance(asked, str):
        raise UnreadableRecordError("the instance has no input")
    yield Message(role="user", text=asked)
    steps = instance.get("intermediate_steps")
    for step in steps if isinstance(steps, list) else ():
        if not (
            isinstance(step, list) and len(step) == 2 and isinstance(step[0], list) and len(step[0]) >= 2
        ):
            raise UnreadableRecordError("a step of the instance is no pair of action and observation")
        arguments, raw = read_arguments(step[0][1], loose=True)
        yield Message(
            role="assistant", calls=(RecordedCall(name=str(step[0][0]), arguments=arguments, raw=raw),)
        )
        yield Message(role="tool", value=read_result(step[1]) if isinstance(step[1], str) else step[1])
    said = instance.get("output")
    if isinstance(said, str):
        yield Message(role="assistant", text=said)


def _tools(document: JsonValue) -> tuple[DeclaredTool, ...] | None:
    """Read the operations of an OpenAPI document as tools."""
    if isinstance(document, str):
        try:
            document = parse_json(document)
        except NotJsonError:
            return None
    paths = document.get("paths") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(paths, Mapping):
        return None
    operations = [
        operation
        for methods in paths.values()
        if isinstance(methods, Mapping)
        for method, operation in methods.items()
        if method in _METHODS and isinstance(operation, Mapping) and operation.get("operationId")
    ]
    return read_tools([*(_tool(operation, document) for operation in operations), _ASKING], native=True)


def _tool(operation: JsonObject, document: JsonObject) -> JsonObject:
    properties: dict[str, JsonValue] = {}
    required: list[JsonValue] = []
    listed = operation.get("parameters")
    for entry in listed if isinstance(listed, list) else ():
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            continue
        name, schema = str(entry["name"]), entry.get("schema")
        properties[name] = schema if isinstance(schema, Mapping) else {}
        if entry.get("required") is True:
            required.append(name)
    body = _resolved(_body(operation), document)
    inner = body.get("properties")
    if isinstance(inner, Mapping):
        properties.update(inner)
        needed = body.get("required")
        required.extend(needed if isinstance(needed, list) else ())
    parameters: dict[str, JsonValue] = {
        "type": "object", "properties": properties, "required": list(dict.fromkeys(map(str, required)))
    }  # fmt: skip
    components = document.get("components")
    if isinstance(components, Mapping) and components:
        parameters["components"] = components  # "#/components/schemas/..." leads there
    return {
        "name": operation["operationId"],
        "description": operation.get("description", ""),
        "parameters": parameters,
    }


def _resolved(schema: JsonObject, document: JsonObject) -> JsonObject:
    """Follow a local reference, once."""
    target = schema.get("$ref")
    at: JsonValue = document
    if not isinstance(target, str) or not target.startswith("#/"):
        return schema
    for key in target[2:].split("/"):
        at = at.get(key) if isinstance(at, Mapping) else None
    return at if isinstance(at, Mapping) else schema


def _body(operation: JsonObject) -> JsonObject:
    at: JsonValue = operation.get("requestBody")
    for key in ("content", "application/json", "schema"):
        at = at.get(key) if isinstance(at, Mapping) else None
    return at if isinstance(at, Mapping) else {}
