"""Corrections that are certain, made on the record as it stands so that its own format stays.

Foreign names of types become JSON Schema's, argument text that is a literal of another language becomes JSON,
results come in the order of their calls, and a result with a name that no tool has gets that of the call
which its id names.  All else of a record keeps its value, to the last digit.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from toolace_mt.formats import NotJsonError, RawRecord, dump_json, parse_json, parse_record
from toolace_mt.formats.call_text import loose_value
from toolace_mt.formats.schemas import normal_parameters
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["Change", "fix_record"]

_MESSAGES = ("messages", "traj", "conversation", "conversations")
_TOOLS = ("tools", "functions")
_PARAMETERS = ("parameters", "input_schema", "inputSchema")
_CONSTANTS = ("true", "false", "null", "none")
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One correction: the rule that it satisfies, where, and what stood and stands there."""

    rule: str
    path: str
    before: str
    after: str

    def as_json(self, file: str, record: int) -> JsonObject:
        return {
            "file": file,
            "record": record,
            "rule": self.rule,
            "path": self.path,
            "before": self.before[:_SHOWN],
            "after": self.after[:_SHOWN],
        }


def fix_record(raw: RawRecord) -> tuple[bytes, list[Change]]:
    """Give the record's text with all certain corrections made, and what they were; unread text stays."""
    try:
        parse_record(raw)  # within bounds, and JSON
        value: Any = json.loads(raw.text)
        if not isinstance(value, dict):
            return raw.text, []
        changes = [*_fix_tools(value), *_fix_messages(value)]
        return (_written(value).encode(), changes) if changes else (raw.text, [])
    except ValueError:  # no JSON, or a number that no reader of JSON holds
        return raw.text, []


def _written(value: Any) -> str:
    """Write JSON with every digit of its numbers, which faster writers do not keep."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _fix_tools(record: dict[str, Any]) -> Iterator[Change]:
    for key in _TOOLS:
        written = record.get(key)
        listed = _parsed(written) if isinstance(written, str) else written
        if not isinstance(listed, list):
            continue
        changes = [change for number in range(len(listed)) for change in _fix_tool(listed, number, key)]
        if changes and isinstance(written, str):
            record[key] = _written(listed)
        yield from changes


def _fix_tool(listed: list[Any], number: int, key: str) -> Iterator[Change]:
    entry = listed[number]
    tool = _parsed(entry) if isinstance(entry, str) else entry
    function = tool.get("function", tool) if isinstance(tool, dict) else None
    if not isinstance(function, dict):
        return
    place = next((place for place in _PARAMETERS if isinstance(function.get(place), dict)), None)
    if place is None:
        return
    parameters = function[place]
    normal = normal_parameters(parameters, required=function.get("required"))
    if not normal.respelled:
        return
    function[place] = normal.schema
    if isinstance(entry, str):
        listed[number] = _written(tool)
    yield Change(
        rule="TA205",
        path=f"$.{key}[{number}].{place}",
        before=_written(parameters),
        after=_written(normal.schema),
    )


def _fix_messages(record: dict[str, Any]) -> Iterator[Change]:
    key = next((key for key in _MESSAGES if isinstance(record.get(key), list)), None)
    if key is None:
        return
    messages: list[Any] = record[key]
    declared = {name for listed in _TOOLS for name in _declared(record.get(listed))}
    for turn, message in enumerate(messages):
        if isinstance(message, dict):
            for index, function in enumerate(_functions(message)):
                yield from _fix_arguments(function, f"$.{key}[{turn}].tool_calls[{index}].function")
    for turn, message in enumerate(messages):
        if isinstance(message, dict) and isinstance(message.get("tool_calls"), list):
            yield from _fix_results(messages, turn, key, declared)


def _functions(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function", call) if isinstance(call, dict) else None
        if isinstance(function, dict):
            yield function
    old = message.get("function_call")
    if isinstance(old, dict):
        yield old


def _fix_arguments(function: dict[str, Any], path: str) -> Iterator[Change]:
    text = function.get("arguments")
    if not isinstance(text, str) or not text.strip() or _parsed(text) is not None:
        return
    try:
        value = loose_value(text)
    except NotJsonError:
        return
    if isinstance(value, Mapping) and _is_certain(text):
        function["arguments"] = dump_json(value)
        yield Change(rule="TA002", path=f"{path}.arguments", before=text, after=dump_json(value))


def _is_certain(text: str) -> bool:
    """Tell whether a literal of another language means one JSON value and no other."""
    try:
        nodes = [*ast.walk(ast.parse(text.strip(), mode="eval"))]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(map(_is_plain, nodes))


def _is_plain(node: ast.AST) -> bool:
    match node:
        case ast.Dict(keys=keys):
            names = [
                key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
            ]
            return len(set(names)) == len(keys)
        case ast.Name(id=name):
            return name.lower() in _CONSTANTS
        case ast.Constant(value=float() as number):
            return isfinite(number)
        case _:
            return not isinstance(node, ast.Set)


def _declared(written: Any) -> Iterator[str]:
    listed = _parsed(written) if isinstance(written, str) else written
    for entry in listed if isinstance(listed, list) else ():
        tool = _parsed(entry) if isinstance(entry, str) else entry
        function = tool.get("function", tool) if isinstance(tool, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            yield function["name"]


def _fix_results(messages: list[Any], turn: int, key: str, declared: set[str]) -> Iterator[Change]:
    """Look at the results right after the calls of one message; all must say by id what they answer."""
    names = {
        call["id"]: (position, call.get("function", call).get("name"))
        for position, call in enumerate(messages[turn]["tool_calls"])
        if isinstance(call, dict)
        and isinstance(call.get("id"), str)
        and isinstance(call.get("function", call), dict)
    }
    end = turn + 1
    while end < len(messages) and isinstance(messages[end], dict) and messages[end].get("role") == "tool":
        end += 1
    results = messages[turn + 1 : end]
    ids = [result.get("tool_call_id") for result in results]
    if not results or len(set(map(str, ids))) < len(ids) or any(identity not in names for identity in ids):
        return
    ordered = sorted(results, key=lambda result: names[result["tool_call_id"]][0])
    if ordered != results:
        messages[turn + 1 : end] = ordered
        after = [result["tool_call_id"] for result in ordered]
        yield Change(rule="TA102", path=f"$.{key}[{turn + 1}:{end}]", before=str(ids), after=str(after))
    tools = declared | {name for _, name in names.values() if isinstance(name, str)}
    for position, result in enumerate(ordered):
        called, named = names[result["tool_call_id"]][1], result.get("name")
        if called in (declared or tools) and isinstance(named, str) and named not in tools:
            path = f"$.{key}[{turn + 1 + position}].name"
            yield Change(rule="TA105", path=path, before=named, after=called)
            result["name"] = called


def _parsed(text: str) -> JsonValue | Any:
    try:
        parse_json(text)
        return json.loads(text)
    except ValueError:
        return None
