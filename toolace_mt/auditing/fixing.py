"""Corrections that are certain, made on the record as it stands so that its own format stays.

Foreign names of types become JSON Schema's, argument text that is a literal of another language becomes JSON,
results come in the order of their calls, and a result gets the name of the call that its id names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from toolace_mt.formats import NotJsonError, RawRecord, dump_json, parse_json, parse_record
from toolace_mt.formats.call_text import loose_value
from toolace_mt.formats.schemas import normal_parameters
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["Change", "fix_record"]

_MESSAGES = ("messages", "traj", "conversation", "conversations")
_TOOLS = ("tools", "functions")
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
        value: Any = parse_record(raw)
    except NotJsonError:
        return raw.text, []
    if not isinstance(value, dict):
        return raw.text, []
    changes = [*_fix_tools(value), *_fix_messages(value)]
    return (orjson.dumps(value), changes) if changes else (raw.text, [])


def _fix_tools(record: dict[str, Any]) -> Iterator[Change]:
    for key in _TOOLS:
        written = record.get(key)
        listed = _parsed(written) if isinstance(written, str) else written
        if not isinstance(listed, list):
            continue
        changes = [change for number in range(len(listed)) for change in _fix_tool(listed, number, key)]
        if changes and isinstance(written, str):
            record[key] = dump_json(listed)
        yield from changes


def _fix_tool(listed: list[Any], number: int, key: str) -> Iterator[Change]:
    entry = listed[number]
    tool = _parsed(entry) if isinstance(entry, str) else entry
    function = tool.get("function", tool) if isinstance(tool, dict) else None
    parameters = function.get("parameters") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(parameters, dict):
        return
    normal = normal_parameters(parameters, required=function.get("required"))
    if not normal.respelled:
        return
    function["parameters"] = normal.schema
    if isinstance(entry, str):
        listed[number] = dump_json(tool)
    yield Change(
        rule="TA205",
        path=f"$.{key}[{number}].parameters",
        before=dump_json(parameters),
        after=dump_json(normal.schema),
    )


def _fix_messages(record: dict[str, Any]) -> Iterator[Change]:
    key = next((key for key in _MESSAGES if isinstance(record.get(key), list)), None)
    if key is None:
        return
    messages: list[Any] = record[key]
    for turn, message in enumerate(messages):
        if isinstance(message, dict):
            for index, function in enumerate(_functions(message)):
                yield from _fix_arguments(function, f"$.{key}[{turn}].tool_calls[{index}].function")
    for turn, message in enumerate(messages):
        if isinstance(message, dict) and isinstance(message.get("tool_calls"), list):
            yield from _fix_results(messages, turn, key)


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
    if isinstance(value, Mapping):
        function["arguments"] = dump_json(value)
        yield Change(rule="TA002", path=f"{path}.arguments", before=text, after=dump_json(value))


def _fix_results(messages: list[Any], turn: int, key: str) -> Iterator[Change]:
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
    for position, result in enumerate(ordered):
        name = names[result["tool_call_id"]][1]
        if isinstance(result.get("name"), str) and isinstance(name, str) and result["name"] != name:
            yield Change(
                rule="TA105", path=f"$.{key}[{turn + 1 + position}].name", before=result["name"], after=name
            )
            result["name"] = name


def _parsed(text: str) -> JsonValue | Any:
    try:
        return parse_json(text)
    except NotJsonError:
        return None
