"""Anthropic's messages: calls and results as ``tool_use`` and ``tool_result`` blocks of the content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.json_text import dump_json
from toolace_mt.formats.messages import read_messages
from toolace_mt.formats.parts import read_content
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import JsonObject, JsonValue, Message, Place, Transcript

__all__ = ["AnthropicFormat"]

_BLOCKS = ("tool_use", "tool_result")


class AnthropicFormat:
    """Reads and writes ``{"system", "messages", "tools"}`` with typed blocks and ``input_schema``."""

    name = "anthropic"

    def detect(self, sample: JsonValue) -> bool:
        messages = sample.get("messages") if isinstance(sample, Mapping) else None
        return isinstance(messages, list) and any(
            block.get("type") in _BLOCKS for message in messages for block in _blocks(message)
        )

    def read(self, record: JsonValue, place: Place) -> Transcript:
        messages = record.get("messages") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(messages, list):
            raise UnreadableRecordError("the record has no messages")
        system = record.get("system")
        prompt: list[JsonValue] = [{"role": "system", "content": system}] if system else []
        plain = [part for turn, message in enumerate(messages) for part in _plain(message, turn)]
        return Transcript(
            id=identity(record, place),
            messages=read_messages([*prompt, *plain]),
            tools=read_tools(record.get("tools")),
            place=place,
        )

    def write(self, transcript: Transcript) -> JsonObject:
        written: dict[str, JsonValue] = {"id": transcript.id}
        prompts = [message.text or "" for message in transcript.messages if message.role == "system"]
        if prompts:
            written["system"] = "\n".join(prompts)
        if transcript.tools is not None:
            written["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
                for tool in transcript.tools
            ]
        return {**written, "messages": list(_written(transcript.messages))}


def _blocks(message: JsonValue) -> list[JsonObject]:
    content = message.get("content") if isinstance(message, Mapping) else None
    return [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []


def _plain(message: JsonValue, turn: int) -> Iterator[JsonValue]:
    """Give results as messages of their own, and what else a user says after them."""
    blocks = _blocks(message)
    results = [block for block in blocks if block.get("type") == "tool_result"]
    if not isinstance(message, Mapping) or not results:
        yield message
        return
    for block in results:
        content = block.get("content")
        if block.get("is_error") is True:
            content = {"error": read_content(content, turn).text or "the tool failed"}
        yield {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": content}
    said = [block for block in blocks if block.get("type") != "tool_result"]
    if said:
        yield {**message, "content": said}


def _written(messages: tuple[Message, ...]) -> Iterator[JsonObject]:
    results: list[JsonValue] = []
    for message in messages:
        if message.role == "tool":
            content = dump_json(message.value)
            results.append({"type": "tool_result", "tool_use_id": message.call_id, "content": content})
            continue
        if results:
            yield {"role": "user", "content": results}
            results = []
        if message.role == "assistant" and message.calls:
            said: list[JsonValue] = [{"type": "text", "text": message.text}] if message.text else []
            calls: list[JsonValue] = [
                {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments or {}}
                for call in message.calls
            ]
            yield {"role": "assistant", "content": [*said, *calls]}
        elif message.role != "system":
            yield {"role": message.role, "content": message.text or ""}
    if results:
        yield {"role": "user", "content": results}
