"""Hermes: calls as JSON between ``<tool_call>`` tags in the assistant's text, tools between ``<tools>``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from toolace_mt.formats.call_text import loose_value
from toolace_mt.formats.json_text import NotJsonError, dump_json
from toolace_mt.formats.mark_grammars import listed_calls
from toolace_mt.formats.tools import read_tools, tools_anywhere, write_tool
from toolace_mt.formats.turns import (
    Turn,
    identity,
    listed_turns,
    read_result,
    read_turns,
    tools_in,
    written_turns,
)
from toolace_mt.transcript import (
    DeclaredTool,
    JsonObject,
    JsonValue,
    Message,
    Place,
    RecordedCall,
    Transcript,
)

__all__ = ["HermesFormat"]

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)|\A[^<]*</think>", re.DOTALL)
_CALL = re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.DOTALL)
_RESPONSE = re.compile(r"<tool_response>(.*?)(?:</tool_response>|\Z)", re.DOTALL)
_TOOLS = re.compile(r"<tools>(.*?)</tools>", re.DOTALL)
_PROMPT = "You may call these functions; answer with <tool_call> tags.\n<tools>\n{}\n</tools>"


class HermesFormat:
    """Reads and writes turns in which the assistant's text holds calls as JSON between ``<tool_call>`` tags.

    What stands inside ``<think>`` is neither said nor called.
    """

    name = "hermes"

    def detect(self, sample: JsonValue) -> bool:
        found = listed_turns(sample)
        if found is None:
            return False
        listed, speaker, text = found
        marked = False
        for entry in listed:
            if not isinstance(entry, Mapping) or entry.get("tool_calls") or entry.get("function_call"):
                return False
            said = entry.get(text)
            if not isinstance(said, str):
                continue
            calls = "<tool_call>" in said and entry.get(speaker) in ("gpt", "assistant", "model")
            marked = marked or calls or ("<tools>" in said and entry.get(speaker) == "system")
        return marked

    def read(self, record: JsonValue, place: Place) -> Transcript:
        messages = [message for turn in read_turns(record) for message in _messages(turn)]
        declared = record.get("tools") if isinstance(record, Mapping) else None
        tools = read_tools(declared) if declared is not None else _declared(messages)
        if tools is None:
            tools = _declared_elsewhere(record, messages)
        return Transcript(id=identity(record, place), messages=tuple(messages), tools=tools, place=place)

    def write(self, transcript: Transcript) -> JsonObject:
        texts = [_written(message) for message in transcript.messages]
        turns = written_turns(transcript.messages, texts)
        written: dict[str, JsonValue] = {"id": transcript.id, "conversations": turns}
        if transcript.tools is not None:
            written["tools"] = dump_json([write_tool(tool) for tool in transcript.tools])
        return written


def _messages(turn: Turn) -> Iterator[Message]:
    match turn.role:
        case "assistant":
            said = _THOUGHT.sub("", turn.text)
            calls = tuple(call for found in _CALL.finditer(said) for call in listed_calls(found[1].strip()))
            text = _CALL.sub("", said)
            text = text.strip() if calls or said != turn.text else text
            yield Message(role="assistant", text=text if text or not calls else None, calls=calls)
        case "tool" | "user" if "<tool_response>" in turn.text:
            for found in _RESPONSE.finditer(turn.text):
                yield _result(found[1].strip())
        case "tool":
            yield Message(role="tool", value=read_result(turn.text))
        case _:
            yield Message(role=turn.role, text=turn.text)


def _result(text: str) -> Message:
    value = read_result(text)
    if isinstance(value, Mapping) and set(value) == {"name", "content"} and isinstance(value["name"], str):
        return Message(role="tool", name=value["name"], value=value["content"])
    return Message(role="tool", value=value)


def _declared(messages: list[Message]) -> tuple[DeclaredTool, ...] | None:
    for message in messages:
        if message.role != "system":
            continue
        listed = [found[1].rpartition("<tools>")[2].strip() for found in _TOOLS.finditer(message.text or "")]
        if not listed:
            continue
        # The usual prompts speak of "<tools></tools> XML tags" before they list the tools between some.
        lines = next((text for text in listed if "{" in text), "")
        if not lines:
            return ()
        try:
            return read_tools(loose_value(lines), native=True)
        except NotJsonError:
            entries = [line for line in lines.splitlines() if line.strip()]
            return read_tools(list(entries), native=True)
    return None


def _declared_elsewhere(record: JsonValue, messages: list[Message]) -> tuple[DeclaredTool, ...] | None:
    """In an object beside the messages, or as a list in the system prompt."""
    beside = tools_anywhere(record) if isinstance(record, Mapping) else None
    if beside is not None:
        return read_tools(beside)
    prompts = (message.text or "" for message in messages if message.role == "system")
    return next((found for prompt in prompts if (found := tools_in(prompt))), None)


def _written(message: Message) -> str:
    if message.role == "tool":
        value = message.value
        named = value if message.name is None else {"name": message.name, "content": value}
        return f"<tool_response>\n{dump_json(named)}\n</tool_response>"
    calls = [f"<tool_call>\n{_written_call(call)}\n</tool_call>" for call in message.calls]
    return "\n".join([*([message.text] if message.text else []), *calls])


def _written_call(call: RecordedCall) -> str:
    if call.arguments is None and call.name == "?":
        return call.raw or ""
    arguments = (call.raw or "") if call.arguments is None else call.arguments
    return dump_json({"name": call.name, "arguments": arguments})
