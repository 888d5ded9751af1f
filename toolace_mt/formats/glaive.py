"""Glaive: one text of USER, ASSISTANT and FUNCTION RESPONSE, with calls after ``<functioncall>``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import call_of, loose_value
from toolace_mt.formats.json_text import NotJsonError, dump_json, parse_json
from toolace_mt.formats.tools import looks_like_tool, read_tools, write_tool
from toolace_mt.formats.turns import identity, read_result
from toolace_mt.transcript import (
    DeclaredTool,
    JsonObject,
    JsonValue,
    Message,
    Place,
    RecordedCall,
    Transcript,
)

__all__ = ["GlaiveFormat"]

_SPEAKER = re.compile(r"^(USER|ASSISTANT|FUNCTION RESPONSE|SYSTEM):", re.MULTILINE)
_CALL = "<functioncall>"
_END = "<|endoftext|>"
_QUOTED = re.compile(r"(\"arguments\"\s*:\s*)'(.*)'(\s*\}\s*)\Z", re.DOTALL)
_NAMES = {"user": "USER", "assistant": "ASSISTANT", "system": "SYSTEM"}
_DECODER = json.JSONDecoder()


class GlaiveFormat:
    """Reads and writes ``{"system", "chat"}``; of an assistant's text, what follows the mark is a call."""

    name = "glaive"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, Mapping) or not isinstance(sample.get("chat"), str):
            return False
        return _SPEAKER.search(str(sample["chat"])) is not None

    def read(self, record: JsonValue, place: Place) -> Transcript:
        chat = record.get("chat") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(chat, str):
            raise UnreadableRecordError("the record has no chat text")
        system = record.get("system")
        prompt = system.strip() if isinstance(system, str) else ""
        before = [Message(role="system", text=prompt.removeprefix("SYSTEM:").strip())] if prompt else []
        return Transcript(
            id=identity(record, place),
            messages=(*before, *_messages(chat)),
            tools=_declared(prompt),
            place=place,
        )

    def write(self, transcript: Transcript) -> JsonObject:
        prompts = [message.text or "" for message in transcript.messages if message.role == "system"]
        prompt = "\n".join(prompts)
        tools = [dump_json(write_tool(tool)["function"]) for tool in transcript.tools or ()]
        if transcript.tools is not None and _declared(prompt) != transcript.tools:
            prompt = "\n".join([prompt, *tools])
        chat = "".join(_written(message) for message in transcript.messages if message.role != "system")
        return {"id": transcript.id, "system": f"SYSTEM: {prompt}", "chat": chat}


def _messages(chat: str) -> Iterator[Message]:
    marks = list(_SPEAKER.finditer(chat))
    ends = [mark.start() for mark in marks[1:]] + [len(chat)]
    for mark, end in zip(marks, ends, strict=True):
        text = chat[mark.end() : end].replace(_END, "").strip()
        match mark[1]:
            case "ASSISTANT":
                said, marked, call = text.partition(_CALL)
                calls = (_call(call.strip()),) if marked else ()
                yield Message(role="assistant", text=said.strip() or (None if calls else ""), calls=calls)
            case "FUNCTION RESPONSE":
                yield Message(role="tool", value=read_result(text))
            case "SYSTEM":
                yield Message(role="system", text=text)
            case _:
                yield Message(role="user", text=text)


def _call(text: str) -> RecordedCall:
    """The dialect puts the arguments' JSON text between single quotes, which no JSON parser takes."""
    quoted = _QUOTED.search(text)
    if quoted is not None:
        text = f"{text[: quoted.start()]}{quoted[1]}{json.dumps(quoted[2])}{quoted[3]}"
    try:
        return call_of(loose_value(text), "a <functioncall>")
    except (NotJsonError, UnreadableRecordError):
        return RecordedCall(name="?", arguments=None, raw=text)


def _declared(prompt: str) -> tuple[DeclaredTool, ...] | None:
    """Tools stand in the prompt one after the other, as JSON objects."""
    found: list[JsonValue] = []
    at = prompt.find("{")
    while at >= 0:
        try:
            value, end = _DECODER.raw_decode(prompt, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if looks_like_tool(value):
                found.append(value)
        at = prompt.find("{", end)
    return read_tools(found, native=True) if found else None


def _written(message: Message) -> str:
    if message.role == "tool":
        return f"FUNCTION RESPONSE: {dump_json(message.value)}\n\n\n"
    said = message.text or ""
    if not message.calls:
        end = f" {_END}" if message.role == "assistant" else ""
        return f"{_NAMES[message.role]}: {said}{end}\n\n\n"
    first = f"{said} " if said else ""
    before = [first] + [""] * (len(message.calls) - 1)
    return "".join(
        f"ASSISTANT: {words}{_CALL} {text} {_END}\n\n\n"
        for words, text in zip(before, _written_calls(message.calls), strict=True)
    )


def _written_calls(calls: Sequence[RecordedCall]) -> Iterator[str]:
    for call in calls:
        if call.arguments is None and call.name == "?" and not _is_json(call.raw):
            yield call.raw or ""
        else:
            arguments = (call.raw or "") if call.arguments is None else call.arguments
            yield dump_json({"name": call.name, "arguments": arguments})


def _is_json(text: str | None) -> bool:
    try:
        parse_json(text or "")
    except NotJsonError:
        return False
    return True
