"""Gemini's contents: turns of parts, with calls as ``functionCall`` and results as ``functionResponse``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.messages import read_messages
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import JsonObject, JsonValue, Message, Place, Transcript

__all__ = ["GeminiFormat"]

_CALLS = ("functionCall", "function_call")
_RESPONSES = ("functionResponse", "function_response")
_SYSTEM = ("systemInstruction", "system_instruction")


class GeminiFormat:
    """Reads and writes ``{"systemInstruction", "contents", "tools"}``; both spellings of names are read."""

    name = "gemini"

    def detect(self, sample: JsonValue) -> bool:
        contents = sample.get("contents") if isinstance(sample, Mapping) else None
        return isinstance(contents, list) and bool(contents) and bool(_parts(contents[0]))

    def read(self, record: JsonValue, place: Place) -> Transcript:
        contents = record.get("contents") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(contents, list):
            raise UnreadableRecordError("the record has no contents")
        system = "\n".join(_texts(_parts(_first(record, _SYSTEM))))
        prompt: list[JsonValue] = [{"role": "system", "content": system}] if system else []
        plain = [part for turn in contents for part in _plain(turn)]
        return Transcript(
            id=identity(record, place),
            messages=read_messages([*prompt, *plain]),
            tools=read_tools(_declared(record.get("tools")), native=True),
            place=place,
        )

    def write(self, transcript: Transcript) -> JsonObject:
        prompts: list[JsonValue] = [
            {"text": message.text or ""} for message in transcript.messages if message.role == "system"
        ]
        written: dict[str, JsonValue] = {"id": transcript.id}
        if prompts:
            written["systemInstruction"] = {"parts": prompts}
        if transcript.tools is not None:
            listed: list[JsonValue] = [
                {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
                for tool in transcript.tools
            ]
            written["tools"] = [{"functionDeclarations": listed}]
        return {**written, "contents": list(_written(transcript.messages))}


def _first(record: JsonObject, keys: tuple[str, ...]) -> JsonValue:
    return next((record[key] for key in keys if key in record), None)


def _parts(turn: JsonValue) -> list[JsonObject]:
    parts = turn.get("parts") if isinstance(turn, Mapping) else None
    return [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []


def _texts(parts: list[JsonObject]) -> list[str]:
    """What is said aloud: parts marked as thought are not."""
    said = (part.get("text") for part in parts if not part.get("thought"))
    return [text for text in said if isinstance(text, str)]


def _declared(tools: JsonValue) -> JsonValue:
    if not isinstance(tools, list):
        return tools
    flat: list[JsonValue] = []
    for entry in tools:
        inner = _first(entry, ("functionDeclarations",)) if isinstance(entry, Mapping) else None
        flat.extend(inner) if isinstance(inner, list) else flat.append(entry)
    return flat


def _plain(turn: JsonValue) -> Iterator[JsonValue]:
    parts = _parts(turn)
    responses = [found for part in parts if isinstance(found := _first(part, _RESPONSES), Mapping)]
    for response in responses:
        yield {
            "role": "tool", "name": response.get("name"), "tool_call_id": response.get("id"),
            "content": response.get("response"),
        }  # fmt: skip
    calls: list[JsonValue] = [
        {"id": found.get("id"), "name": found.get("name"), "arguments": found.get("args")}
        for part in parts
        if isinstance(found := _first(part, _CALLS), Mapping)
    ]
    said = "\n".join(_texts(parts))
    if calls or said or not responses:
        role = turn.get("role", "user") if isinstance(turn, Mapping) else "user"
        yield {"role": role, "content": said or None, **({"tool_calls": calls} if calls else {})}


def _written(messages: tuple[Message, ...]) -> Iterator[JsonObject]:
    for message in messages:
        if message.role == "tool":
            named = {} if message.name is None else {"name": message.name}
            identified = {} if message.call_id is None else {"id": message.call_id}
            response = {**identified, **named, "response": message.value}
            yield {"role": "user", "parts": [{"functionResponse": response}]}
        elif message.role != "system":
            said: list[JsonValue] = [{"text": message.text}] if message.text else []
            calls: list[JsonValue] = [
                {
                    "functionCall": {
                        **({} if call.id is None else {"id": call.id}),
                        "name": call.name,
                        "args": call.arguments or {},
                    }
                }
                for call in message.calls
            ]
            role = "model" if message.role == "assistant" else "user"
            yield {"role": role, "parts": [*said, *calls] or [{"text": ""}]}
