"""The OpenAI dialect: a record with chat messages and, mostly, function tools."""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.formats.agent_parts import are_agent_parts
from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.exchanges import answered
from toolace_mt.formats.json_text import NotJsonError, parse_json
from toolace_mt.formats.messages import read_messages, write_message
from toolace_mt.formats.tools import read_tools, tools_anywhere, write_tool
from toolace_mt.transcript import JsonObject, JsonValue, Place, Transcript

__all__ = ["OpenAIFormat"]

_MESSAGE_KEYS = ("messages", "traj", "conversation", "conversations")
_TOOL_KEYS = ("tools", "functions", "available_tools")
_TYPES = ("human", "ai", "system")
"""What LangChain calls a message's role."""
_ID_KEYS = ("id", "uuid", "task_id", "dialogue_id", "conversation_id")


class OpenAIFormat:
    """Reads ``messages`` with ``tools`` or ``functions``; writes ``id``, ``tools`` and ``messages``."""

    name = "openai"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, (dict, Mapping)):
            return False
        messages = _messages(sample)
        if not isinstance(messages, list) or not messages:
            return False
        first = messages[0]
        return isinstance(first, (dict, Mapping)) and (
            "role" in first
            or "lc" in first
            or first.get("type") in _TYPES
            or are_agent_parts(first.get("parts"))
        )

    def read(self, record: JsonValue, place: Place) -> Transcript:
        if not isinstance(record, (dict, Mapping)):
            raise UnreadableRecordError("the record is no object")
        messages = _messages(record)
        if messages is None:
            raise UnreadableRecordError("the record has no messages")
        return Transcript(
            id=_id(record, place),
            messages=read_messages(answered(record, messages) if isinstance(messages, list) else messages),
            tools=read_tools(_tools(record, messages)),
            place=place,
        )

    def write(self, transcript: Transcript) -> JsonObject:
        written: dict[str, JsonValue] = {"id": transcript.id}
        if transcript.tools is not None:
            written["tools"] = [write_tool(tool) for tool in transcript.tools]
        return {**written, "messages": [write_message(message) for message in transcript.messages]}


def _messages(record: JsonObject) -> JsonValue:
    """Give the list of messages; some keep it as JSON text."""
    found = _first(record, _MESSAGE_KEYS)
    if not isinstance(found, str) or not found.lstrip().startswith("["):
        return found
    try:
        return parse_json(found)
    except NotJsonError:
        return found


def _tools(record: JsonObject, messages: JsonValue) -> JsonValue:
    """Give the tools; some keep them in the metadata, some in the system message."""
    found = _first(record, _TOOL_KEYS)
    if found is not None:
        return found
    metadata = record.get("metadata")
    if isinstance(metadata, str) and '"tools"' in metadata:
        try:
            metadata = parse_json(metadata)
        except NotJsonError:
            return None
    first = messages[0] if isinstance(messages, list) and messages else None
    aside = (part for part in (metadata, first) if isinstance(part, (dict, Mapping)))
    found = next((part["tools"] for part in aside if part.get("tools")), None)
    return tools_anywhere(record) if found is None else found


def _first(record: JsonObject, keys: tuple[str, ...]) -> JsonValue:
    return next((record[key] for key in keys if record.get(key) is not None), None)


def _id(record: JsonObject, place: Place) -> str:
    found = _first(record, _ID_KEYS)
    return str(found) if isinstance(found, (str, int)) else place.as_id
