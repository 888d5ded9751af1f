"""Chats whose calls stand in the text: who said what, in either of the two usual containers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.json_text import NotJsonError, parse_json
from toolace_mt.formats.tools import read_tools
from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue, Message, Place, Role

__all__ = ["Turn", "identity", "listed_turns", "read_result", "read_turns", "tools_in", "written_turns"]

_CONTAINERS = (
    ("conversations", "from", "value"),
    ("messages", "role", "content"),
    ("conversations", "role", "content"),
)
_ROLES: dict[str, Role] = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "function_call": "assistant",
    "function": "tool",
    "tool": "tool",
    "observation": "tool",
    "function_response": "tool",
    "ipython": "tool",
}
_IDS = ("id", "uuid", "conversation_id", "task_id", "sample_id", "dialogue_id")
_NAMES: dict[Role, str] = {"system": "system", "user": "human", "assistant": "gpt", "tool": "tool"}
_DECODER = json.JSONDecoder()
_TOOL_LISTS_TRIED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One text; ``speaker`` is the data's own word for the role."""

    role: Role
    text: str
    speaker: str


def listed_turns(record: JsonValue) -> tuple[list[JsonValue], str, str] | None:
    """Give the list of turns and the keys of speaker and text, or None if the record is no such chat."""
    if not isinstance(record, Mapping):
        return None
    for container, speaker, text in _CONTAINERS:
        listed = record.get(container)
        if isinstance(listed, list) and listed:
            first = listed[0]
            if isinstance(first, Mapping) and speaker in first and (text in first or speaker == "from"):
                return listed, speaker, text
    return None


def read_turns(record: JsonValue) -> list[Turn]:
    """Read the texts, the system prompt of the record first; raise UnreadableRecordError."""
    found = listed_turns(record)
    if found is None or not isinstance(record, Mapping):
        raise UnreadableRecordError("the record has no list of turns")
    listed, speaker, text = found
    turns = [_turn(entry, number, speaker, text) for number, entry in enumerate(listed)]
    system = record.get("system")
    if isinstance(system, str) and system and not any(turn.role == "system" for turn in turns):
        turns.insert(0, Turn(role="system", text=system, speaker="system"))
    return turns


def _turn(entry: JsonValue, number: int, speaker_key: str, text_key: str) -> Turn:
    if not isinstance(entry, Mapping):
        raise UnreadableRecordError(f"turn {number} is no object")
    speaker = str(entry.get(speaker_key))
    role = _ROLES.get(speaker.lower())
    if role is None:
        raise UnreadableRecordError(f"turn {number} has the unknown speaker {speaker[:40]!r}")
    text = entry.get(text_key)
    if isinstance(text, list) and text and all(isinstance(item, str) for item in text):
        text = text[0]  # alternatives of which any will do
    if text is None:
        text = ""
    if not isinstance(text, str):
        text = json.dumps(text, ensure_ascii=False)
    return Turn(role=role, text=text, speaker=speaker.lower())


def read_result(text: str) -> JsonValue:
    """Give a result: the JSON that the text holds, else the text."""
    try:
        return parse_json(text)
    except NotJsonError:
        return text


def tools_in(text: str) -> tuple[DeclaredTool, ...] | None:
    """Find a JSON list of tools inside a system prompt."""
    start, tried = text.find("["), 0
    while start >= 0 and tried < _TOOL_LISTS_TRIED:
        head = text[start + 1 : start + 200].lstrip()[:1]
        if head == "{":
            tried += 1
            try:
                value, _ = _DECODER.raw_decode(text, start)
                return read_tools(value, native=True)
            except (ValueError, RecursionError, UnreadableRecordError):
                pass
        start = text.find("[", start + 1)
    return None


def identity(record: JsonValue, place: Place) -> str:
    """Give the record's own id, or one that its place makes."""
    if isinstance(record, Mapping):
        for key in _IDS:
            found = record.get(key)
            if isinstance(found, (str, int)) and not isinstance(found, bool):
                return str(found)
    return place.as_id


def written_turns(messages: tuple[Message, ...], texts: list[str]) -> list[JsonObject]:
    """Write the texts of messages as turns of ``from`` and ``value``."""
    return [
        {"from": _NAMES[message.role], "value": text} for message, text in zip(messages, texts, strict=True)
    ]
