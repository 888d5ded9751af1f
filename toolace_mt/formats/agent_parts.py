"""Messages in parts, as agents log them: OpenTelemetry's, Pydantic AI's, the AI SDK's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["are_agent_parts", "has_agent_parts", "plain_messages"]

_SPEAKERS = {"system-prompt": "system", "user-prompt": "user"}
_CALLS = ("tool-call", "tool_call")
_RESULTS = ("tool-result", "tool-return", "tool_call_response", "retry-prompt")
_BOTH = ("tool-invocation", "dynamic-tool")
"""Parts of a page hold the call and, once it is there, its result."""
_TEXTS = ("text", "system-prompt", "user-prompt")
_SILENT = ("reasoning", "thinking", "step-start")
_MEDIA = ("file", "image", "image-url", "binary", "blob", "uri")
_IDS = ("toolCallId", "tool_call_id", "id")
_NAMES = ("toolName", "tool_name", "name")
_ARGUMENTS = ("input", "args", "arguments")
_ANSWERS = ("output", "result", "response", "content")


def has_agent_parts(item: JsonObject) -> bool:
    """Tell whether a message says in parts what the chat dialect says in messages of their own."""
    return are_agent_parts(item.get("parts")) or are_agent_parts(item.get("content"), only_tools=True)


def are_agent_parts(parts: JsonValue, *, only_tools: bool = False) -> bool:
    """Tell whether these are such parts; with ``only_tools`` texts alone are not."""
    if not isinstance(parts, list) or not all(isinstance(part, (dict, Mapping)) for part in parts):
        return False
    kinds = [_kind(part) for part in parts]
    if only_tools:
        return any(kind in _RESULTS or kind == "tool-call" for kind in kinds)
    return all(isinstance(part.get("type", part.get("part_kind")), str) for part in parts)


def plain_messages(item: JsonObject, turn: int) -> list[JsonValue]:
    """Give the chat messages for which the message stands; raise UnreadableRecordError."""
    parts = item.get("parts") if isinstance(item.get("parts"), list) else item.get("content")
    given = item.get("role")
    speaker = given if isinstance(given, str) else "assistant"
    plain: list[dict[str, Any]] = []
    for part in parts if isinstance(parts, list) else ():
        for message in _messages(part, speaker, turn):
            _append(plain, message)
    return [*plain] or [{"role": speaker, "content": None}]


def _append(plain: list[dict[str, Any]], message: dict[str, Any]) -> None:
    """What one speaker says and calls in a row is one message."""
    last = plain[-1] if plain else None
    if last is None or last["role"] != message["role"] or message["role"] == "tool":
        plain.append(message)
        return
    said = [text for text in (last.get("content"), message.get("content")) if text]
    last["content"] = "\n".join(said) if said else None
    if calls := [*last.get("tool_calls", ()), *message.get("tool_calls", ())]:
        last["tool_calls"] = calls


def _messages(part: JsonObject, speaker: str, turn: int) -> Iterator[dict[str, Any]]:
    kind = _kind(part)
    if kind in _TEXTS:
        yield {"role": _SPEAKERS.get(kind, speaker), "content": _text(part, turn)}
    elif kind in _CALLS:
        yield _call(part, _first(part, _NAMES))
    elif kind in _RESULTS:
        yield _result(part, failed=kind == "retry-prompt")
    elif kind in _BOTH or kind.startswith("tool-"):
        inner = part.get("toolInvocation")
        inner = inner if isinstance(inner, (dict, Mapping)) else part
        yield _call(inner, inner.get("toolName", kind.removeprefix("tool-")))
        if any(key in inner for key in (*_ANSWERS[:2], "errorText")):
            yield _result(inner, failed="errorText" in inner)
    elif kind in _MEDIA:
        yield {"role": speaker, "content": f"[{kind}]"}
    elif kind not in _SILENT and not kind.startswith(("source", "data-")):
        raise UnreadableRecordError(f"message {turn} has a part of unknown type {kind[:40]!r}")


def _kind(part: JsonObject) -> str:
    return str(part.get("part_kind", part.get("type", "text")))


def _text(part: JsonObject, turn: int) -> str:
    text = part.get("text", part.get("content"))
    if isinstance(text, Sequence) and not isinstance(text, str):
        text = "\n".join(one if isinstance(one, str) else "[part]" for one in text)
    if not isinstance(text, str):
        raise UnreadableRecordError(f"message {turn} has a text part without text")
    return text


def _call(part: JsonObject, name: JsonValue) -> dict[str, Any]:
    function = {"name": name, "arguments": _first(part, _ARGUMENTS)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": _first(part, _IDS), "function": function}],
    }


def _result(part: JsonObject, *, failed: bool) -> dict[str, Any]:
    value = part.get("errorText", _first(part, _ANSWERS))
    if isinstance(value, (dict, Mapping)) and value.keys() == {"type", "value"}:
        failed = failed or str(value["type"]).startswith("error")
        value = value["value"]
    if failed or part.get("isError") is True:
        value = {"error": value}
    return {
        "role": "tool",
        "tool_call_id": _first(part, _IDS),
        "name": _first(part, _NAMES),
        "content": value,
    }


def _first(part: JsonObject, keys: tuple[str, ...]) -> JsonValue:
    return next((part[key] for key in keys if part.get(key) is not None), None)
