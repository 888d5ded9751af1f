"""ReAct text as RoTBench and ToolBench write it: Thought, Action, Action Input; tools in the prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping

from toolace_mt.formats.call_text import read_arguments
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
from toolace_mt.transcript import JsonObject, JsonValue, Message, Place, RecordedCall, Transcript

__all__ = ["ReactFormat"]

_STEP = re.compile(
    r"\s*(?:Thought:(?P<thought>.*?)\n\s*)?Action:[ \t]*(?P<name>[^\n]*?)[ \t]*\n\s*"
    r"Action Input:\s*(?P<input>.*)\Z",
    re.DOTALL,
)
_ANSWER = re.compile(r"\s*(?:Thought:.*?\n\s*)?(?:Final )?(?:Answer|Response):\s*(?P<text>.*)\Z", re.DOTALL)
_BEGIN = re.compile(r"\s*Begin!\s*\Z")


class ReactFormat:
    """Reads and writes turns in which the assistant's text is a step; the thought is not said."""

    name = "react"

    def detect(self, sample: JsonValue) -> bool:
        found = listed_turns(sample)
        if found is None:
            return False
        listed, _, text = found
        for entry in listed:
            said = entry.get(text) if isinstance(entry, Mapping) else None
            if isinstance(said, list) and said:
                said = said[0]
            if isinstance(said, str) and "Action:" in said and _STEP.match(said) is not None:
                return True
        return False

    def read(self, record: JsonValue, place: Place) -> Transcript:
        turns = read_turns(record)
        declared = record.get("tools") if isinstance(record, Mapping) else None
        if declared is not None:
            tools = read_tools(declared, native=True)
        else:
            tools = next((tools_in(turn.text) for turn in turns if turn.role == "system"), None)
        return Transcript(
            id=identity(record, place),
            messages=tuple(_message(turn) for turn in turns),
            tools=tools,
            place=place,
        )

    def write(self, transcript: Transcript) -> JsonObject:
        turns = written_turns(transcript.messages, [_written(message) for message in transcript.messages])
        written: dict[str, JsonValue] = {"id": transcript.id, "conversations": turns}
        if transcript.tools is not None:
            written["tools"] = [write_tool(tool)["function"] for tool in transcript.tools]
        return written


def _message(turn: Turn) -> Message:
    if turn.role == "tool":
        return Message(role="tool", value=read_result(turn.text))
    if turn.role == "user":
        return Message(role="user", text=_BEGIN.sub("", turn.text))
    step = _STEP.match(turn.text) if turn.role == "assistant" else None
    if step is None:
        answer = _ANSWER.match(turn.text) if turn.role == "assistant" else None
        return Message(role=turn.role, text=turn.text if answer is None else answer["text"])
    arguments, raw = read_arguments(step["input"].strip(), loose=True)
    call = RecordedCall(name=step["name"].strip() or "?", arguments=arguments, raw=raw)
    return Message(role="assistant", calls=(call,))


def _written(message: Message) -> str:
    if message.role == "tool":
        return dump_json(message.value)
    if not message.calls:
        return message.text or ""
    call = message.calls[0]  # a step is one call: what a dialect cannot hold, its writer leaves out
    written = (call.raw or "") if call.arguments is None else dump_json(call.arguments)
    return f"Thought:\nAction: {call.name}\nAction Input: {written}"
