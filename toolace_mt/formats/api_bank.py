"""API-Bank: a file is one dialogue, each line a turn of User, AI or API."""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import read_arguments
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import JsonObject, JsonValue, Message, Place, RecordedCall, Transcript

__all__ = ["ApiBankFormat", "is_api_bank_turn"]

_SPEAKERS = ("User", "AI", "API")


def is_api_bank_turn(value: JsonValue) -> bool:
    """Tell whether a line is one turn of such a dialogue."""
    return (
        isinstance(value, Mapping)
        and value.get("role") in _SPEAKERS
        and ("text" in value or "api_name" in value)
    )


class ApiBankFormat:
    """Reads and writes the list of a dialogue's lines, or an object that has it as ``chat_history``."""

    name = "api-bank"

    def detect(self, sample: JsonValue) -> bool:
        turns = _turns(sample)
        return bool(turns) and is_api_bank_turn(turns[0])

    def read(self, record: JsonValue, place: Place) -> Transcript:
        messages: list[Message] = []
        for number, turn in enumerate(_turns(record)):
            if not isinstance(turn, Mapping):
                raise UnreadableRecordError(f"turn {number} is no object")
            _add(messages, turn, number)
        tools = read_tools(record.get("tools"), native=True) if isinstance(record, Mapping) else None
        return Transcript(
            id=identity(record, place),
            messages=tuple(messages),
            tools=tools,
            place=place,
            values_as_text=True,
        )

    def write(self, transcript: Transcript) -> JsonObject:
        turns: list[JsonValue] = []
        results = [message.value for message in transcript.messages if message.role == "tool"]
        for message in transcript.messages:
            if message.role == "user":
                turns.append({"role": "User", "text": message.text or ""})
            elif message.role == "assistant":
                if message.text or not message.calls:
                    turns.append({"role": "AI", "text": message.text or ""})
                turns.extend(_written(call, results.pop(0) if results else None) for call in message.calls)
        return {"id": transcript.id, "chat_history": turns}


def _turns(record: JsonValue) -> list[JsonValue]:
    found = record.get("chat_history") if isinstance(record, Mapping) else record
    return found if isinstance(found, list) else []


def _add(messages: list[Message], turn: JsonObject, number: int) -> None:
    text = turn.get("text")
    match turn.get("role"):
        case "User":
            messages.append(Message(role="user", text=text if isinstance(text, str) else ""))
        case "AI":
            _add_words(messages, text if isinstance(text, str) else "")
        case "API":
            _add_call(messages, turn, number)
        case other:
            raise UnreadableRecordError(f"turn {number} has the unknown role {str(other)[:40]!r}")


def _add_words(messages: list[Message], text: str) -> None:
    """Two lines of the AI in a row are one message."""
    last = messages[-1] if messages else None
    if last is not None and last.role == "assistant" and not last.calls:
        messages[-1] = last._replace(text=f"{last.text}\n{text}")
    else:
        messages.append(Message(role="assistant", text=text))


def _add_call(messages: list[Message], turn: JsonObject, number: int) -> None:
    """What the AI said right before is the same message as its call."""
    name = turn.get("api_name")
    if not isinstance(name, str) or not name:
        raise UnreadableRecordError(f"turn {number} has a call without a name")
    arguments, raw = read_arguments(turn.get("param_dict"), loose=True)
    calls = (RecordedCall(name=name, arguments=arguments, raw=raw),)
    last = messages[-1] if messages else None
    if last is not None and last.role == "assistant" and not last.calls:
        messages[-1] = last._replace(calls=calls)
    else:
        messages.append(Message(role="assistant", calls=calls))
    if "result" in turn:
        messages.append(Message(role="tool", name=name, value=_result(turn["result"])))


def _result(result: JsonValue) -> JsonValue:
    if not isinstance(result, Mapping) or "output" not in result:
        return result
    failure = result.get("exception")
    return {"error": failure} if isinstance(failure, str) and failure else result["output"]


def _written(call: RecordedCall, value: JsonValue) -> JsonObject:
    arguments = (call.raw or "") if call.arguments is None else call.arguments
    result = {"api_name": call.name, "input": arguments, "output": value, "exception": None}
    return {"role": "API", "api_name": call.name, "param_dict": arguments, "result": result}
