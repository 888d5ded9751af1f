"""ToolACE: bracket calls such as ``[Get Weather(city="Rome")]`` as text, tools inside the system prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolace_mt.formats.call_text import bracket_calls, write_bracket_calls
from toolace_mt.formats.json_text import dump_json
from toolace_mt.formats.tools import read_tools, write_tool
from toolace_mt.formats.turns import (
    Turn,
    identity,
    listed_turns,
    read_result,
    read_turns,
    tools_in,
    written_turns,
)
from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue, Message, Place, Transcript

__all__ = ["ToolAceFormat"]

_ASSISTANTS = ("gpt", "assistant", "model")


class ToolAceFormat:
    """Reads and writes turns in which an assistant's whole text is a list of calls.

    Names of tools may hold blanks, dots and slashes, so no Python parser reads them.
    """

    name = "toolace"

    def detect(self, sample: JsonValue) -> bool:
        found = listed_turns(sample)
        if found is None:
            return False
        listed, speaker, text = found
        for entry in listed:
            if not isinstance(entry, Mapping) or entry.get("tool_calls") or entry.get("function_call"):
                return False
            said = entry.get(text)
            if entry.get(speaker) in _ASSISTANTS and isinstance(said, str) and _is_call(said):
                return True
        return False

    def read(self, record: JsonValue, place: Place) -> Transcript:
        turns = read_turns(record)
        declared = record.get("tools") if isinstance(record, Mapping) else None
        tools = read_tools(declared, native=True) if declared is not None else _declared(turns)
        names = [tool.name for tool in tools or ()]
        messages: list[Message] = []
        for turn in turns:
            messages.extend(_messages(turn, names, messages))
        return Transcript(id=identity(record, place), messages=tuple(messages), tools=tools, place=place)

    def write(self, transcript: Transcript) -> JsonObject:
        turns = written_turns(transcript.messages, [_written(message) for message in transcript.messages])
        written: dict[str, JsonValue] = {"id": transcript.id, "conversations": turns}
        if transcript.tools is not None:
            written["tools"] = [write_tool(tool)["function"] for tool in transcript.tools]
        return written


def _is_call(said: str) -> bool:
    text = said.strip()
    return text.startswith("[") and text.endswith(")]") and bracket_calls(text) is not None


def _declared(turns: Sequence[Turn]) -> tuple[DeclaredTool, ...] | None:
    return next((tools_in(turn.text) for turn in turns if turn.role == "system"), None)


def _messages(turn: Turn, names: Sequence[str], before: Sequence[Message]) -> Iterator[Message]:
    if turn.role == "assistant":
        calls = bracket_calls(turn.text, names)
        text = turn.text if calls is None else None
        yield Message(role="assistant", text=text, calls=calls or ())
    elif turn.role == "tool":
        value = read_result(turn.text)
        calls = before[-1].calls if before else ()
        if isinstance(value, list) and calls and len(value) == len(calls) and all(map(_is_named, value)):
            yield from (_named(item) for item in value if isinstance(item, Mapping))
        else:
            yield Message(role="tool", value=value)
    else:
        yield Message(role=turn.role, text=turn.text)


def _is_named(item: JsonValue) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("name"), str) and "results" in item


def _named(item: JsonObject) -> Message:
    return Message(role="tool", name=str(item["name"]), value=item["results"])


def _written(message: Message) -> str:
    if message.role == "tool":
        return dump_json(message.value)
    return write_bracket_calls(message.calls) if message.calls else message.text or ""
