"""Answer keys of one question: xLAM, Seal-Tools and NESTFUL give the calls and no results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import call_of, calls_of, loose_value
from toolace_mt.formats.json_text import dump_json
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import (
    DeclaredTool,
    JsonObject,
    JsonValue,
    Message,
    Place,
    RecordedCall,
    Transcript,
)

__all__ = ["NestfulFormat", "SealToolsFormat", "XlamFormat", "reference", "steps_of"]

_LABEL = re.compile(r"\$?(\w+)\$?\Z")
_FINAL = "var_result"


def steps_of(calls: Sequence[RecordedCall]) -> tuple[Message, ...]:
    """Calls that build on each other are made one after the other."""
    return tuple(Message(role="assistant", calls=(call,)) for call in calls)


def reference(
    question: JsonValue,
    answer: tuple[Message, ...],
    record: JsonValue,
    place: Place,
    tools: tuple[DeclaredTool, ...] | None = None,
) -> Transcript:
    """Give the answer key of a question as a transcript without results."""
    if not isinstance(question, str):
        raise UnreadableRecordError("the question is no text")
    return Transcript(
        id=identity(record, place),
        messages=(Message(role="user", text=question), *answer),
        tools=tools,
        place=place,
        is_reference=True,
    )


class XlamFormat:
    """Reads and writes ``{"query", "tools", "answers"}``; tools are flat, and a default makes optional."""

    name = "xlam"

    def detect(self, sample: JsonValue) -> bool:
        return isinstance(sample, Mapping) and {"query", "answers"} <= sample.keys() and "tools" in sample

    def read(self, record: JsonValue, place: Place) -> Transcript:
        if not isinstance(record, Mapping):
            raise UnreadableRecordError("the record is no object")
        calls = calls_of(record.get("answers", []), "the record")
        answer = (Message(role="assistant", calls=calls),) if calls else ()
        tools = read_tools(record.get("tools"), native=True, default_means_optional=True)
        return reference(record.get("query"), answer, record, place, tools)

    def write(self, transcript: Transcript) -> JsonObject:
        calls = [call for message in transcript.messages for call in message.calls]
        tools = [
            {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
            for tool in transcript.tools or ()
        ]
        return {
            "id": transcript.id,
            "query": _question(transcript),
            "tools": dump_json(tools),
            "answers": dump_json([_plain(call) for call in calls]),
        }


class SealToolsFormat:
    """Reads and writes ``{"query", "calling"}``; ``API_call_0`` stands for an earlier call's result."""

    name = "seal-tools"

    def detect(self, sample: JsonValue) -> bool:
        return isinstance(sample, Mapping) and "query" in sample and isinstance(sample.get("calling"), list)

    def read(self, record: JsonValue, place: Place) -> Transcript:
        calling = record.get("calling") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(calling, list):
            raise UnreadableRecordError("the record has no list of calls")
        calls = [_labelled(entry) for entry in calling]
        tools = read_tools(record.get("tools"), native=True)
        return replace(
            reference(record.get("query"), steps_of(calls), record, place, tools), values_as_text=True
        )

    def write(self, transcript: Transcript) -> JsonObject:
        calls = [call for message in transcript.messages for call in message.calls]
        calling: list[JsonValue] = [
            {"api": call.name, "parameters": call.arguments or {}, "responses": list(call.gives)}
            for call in calls
        ]
        return {"id": transcript.id, "query": _question(transcript), "calling": calling}


class NestfulFormat:
    """Reads and writes ``{"input", "output"}``; ``$var1.field$`` stands for part of an earlier result."""

    name = "nestful"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, Mapping) or not isinstance(sample.get("input"), str):
            return False
        output = sample.get("output")
        if isinstance(output, str):
            return output.lstrip().startswith("[{") and '"arguments"' in output
        return isinstance(output, list) and bool(output) and _is_call(output[0])

    def read(self, record: JsonValue, place: Place) -> Transcript:
        if not isinstance(record, Mapping):
            raise UnreadableRecordError("the record is no object")
        entries = record.get("output")
        if isinstance(entries, str):
            entries = loose_value(entries)
        if isinstance(entries, list):
            calls = tuple(_var(entry) for entry in entries)
        else:
            raise UnreadableRecordError("the record has no list of calls")
        tools = read_tools(record.get("tools"), native=True)
        answer = steps_of([call for call in calls if call.name != _FINAL])
        last = [call for call in calls if call.name == _FINAL]
        if last:
            answer = (*answer, Message(role="assistant", text=dump_json(last[-1].arguments)))
        return reference(record.get("input"), answer, record, place, tools)

    def write(self, transcript: Transcript) -> JsonObject:
        calls = [call for message in transcript.messages for call in message.calls]
        output: list[JsonValue] = [
            {**_plain(call), **({"label": call.gives[0]} if call.gives else {})} for call in calls
        ]
        return {"id": transcript.id, "input": _question(transcript), "output": output}


def _is_call(entry: JsonValue) -> bool:
    return isinstance(entry, Mapping) and "name" in entry and "arguments" in entry


def _labelled(entry: JsonValue) -> RecordedCall:
    labels = entry.get("responses") if isinstance(entry, Mapping) else None
    call = call_of(entry, "the record")
    listed = labels if isinstance(labels, (list, tuple)) else ()
    return call._replace(gives=tuple(label for label in listed if isinstance(label, str)))


def _var(entry: JsonValue) -> RecordedCall:
    label = entry.get("label") if isinstance(entry, Mapping) else None
    call = call_of(entry, "the record")
    found = _LABEL.match(label) if isinstance(label, str) else None
    return call if found is None else call._replace(gives=(found[1],))


def _question(transcript: Transcript) -> str:
    return next((message.text or "" for message in transcript.messages if message.role == "user"), "")


def _plain(call: RecordedCall) -> JsonObject:
    return {"name": call.name, "arguments": (call.raw or "") if call.arguments is None else call.arguments}
