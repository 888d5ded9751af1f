"""ShareGPT as LLaMA-Factory reads it: turns of from and value, calls and results as turns of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import calls_of
from toolace_mt.formats.json_text import NotJsonError, dump_json, parse_json
from toolace_mt.formats.tools import read_tools, write_tool
from toolace_mt.formats.turns import identity, listed_turns, read_result, read_turns
from toolace_mt.transcript import JsonObject, JsonValue, Message, Place, RecordedCall, Transcript

__all__ = ["ShareGptFormat"]

_NAMES = {"system": "system", "user": "human", "assistant": "gpt"}


class ShareGptFormat:
    """Reads and writes ``conversations`` of human, gpt, function_call and observation; ``tools`` is text."""

    name = "sharegpt"

    def detect(self, sample: JsonValue) -> bool:
        found = listed_turns(sample)
        return found is not None and found[1] == "from"

    def read(self, record: JsonValue, place: Place) -> Transcript:
        messages: list[Message] = []
        for number, turn in enumerate(read_turns(record)):
            if turn.speaker == "function_call":
                _add_calls(messages, _calls(turn.text, number))
            elif turn.role == "tool":
                messages.extend(_results(turn.text, messages))
            else:
                messages.append(Message(role=turn.role, text=turn.text))
        tools = record.get("tools") if isinstance(record, Mapping) else None
        return Transcript(
            id=identity(record, place), messages=tuple(messages), tools=read_tools(tools), place=place
        )

    def write(self, transcript: Transcript) -> JsonObject:
        turns: list[JsonValue] = []
        for message in transcript.messages:
            if message.role == "tool":
                turns.append({"from": "observation", "value": dump_json(message.value)})
                continue
            if message.text is not None or not message.calls:
                turns.append({"from": _NAMES[message.role], "value": message.text or ""})
            if message.calls:
                turns.append({"from": "function_call", "value": _written_calls(message.calls)})
        written: dict[str, JsonValue] = {"id": transcript.id, "conversations": turns}
        if transcript.tools is not None:
            bare = [write_tool(tool)["function"] for tool in transcript.tools]
            written["tools"] = dump_json(bare)
        return written


def _calls(text: str, number: int) -> tuple[RecordedCall, ...]:
    """A call that cannot be read is a finding about the call, not about the whole record."""
    try:
        return calls_of(text, f"turn {number}")
    except UnreadableRecordError:
        return (RecordedCall(name="?", arguments=None, raw=text),)


def _add_calls(messages: list[Message], calls: tuple[RecordedCall, ...]) -> None:
    """The words before a call and the call are one message."""
    last = messages[-1] if messages else None
    if last is not None and last.role == "assistant" and not last.calls:
        messages[-1] = Message(role="assistant", text=last.text, calls=calls)
    else:
        messages.append(Message(role="assistant", calls=calls))


def _results(text: str, messages: Sequence[Message]) -> list[Message]:
    """One turn may answer several calls, with a list of as many results."""
    value = read_result(text)
    open_calls = _open_calls(messages)
    if open_calls > 1 and isinstance(value, list) and len(value) == open_calls:
        return [Message(role="tool", value=item) for item in value]
    return [Message(role="tool", value=value)]


def _open_calls(messages: Sequence[Message]) -> int:
    for answered, message in enumerate(reversed(messages)):
        if message.role != "tool":
            return len(message.calls) - answered
    return 0


def _written_calls(calls: Sequence[RecordedCall]) -> str:
    written: list[JsonValue] = [
        {"name": call.name, "arguments": call.arguments}
        if call.arguments is not None
        else {"name": call.name, "arguments": call.raw or ""}
        for call in calls
    ]
    if len(calls) == 1 and calls[0].arguments is None and calls[0].name == "?" and not _is_json(calls[0].raw):
        return calls[0].raw or ""
    return dump_json(written[0] if len(written) == 1 else written)


def _is_json(text: str | None) -> bool:
    try:
        parse_json(text or "")
    except NotJsonError:
        return False
    return True
