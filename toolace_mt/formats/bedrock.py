"""Amazon Bedrock's Converse: content in blocks named by their key, as ``toolUse`` and ``toolResult``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.messages import read_messages
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import JsonObject, JsonValue, Place, Transcript

__all__ = ["BedrockFormat"]


class BedrockFormat:
    """Reads ``{"system", "messages", "toolConfig"}``, as requests and fine-tuning data have it."""

    name = "bedrock"

    def detect(self, sample: JsonValue) -> bool:
        messages = sample.get("messages") if isinstance(sample, Mapping) else None
        if not isinstance(sample, Mapping) or not isinstance(messages, list):
            return False
        if str(sample.get("schemaVersion")).startswith("bedrock-") or "toolConfig" in sample:
            return True
        return any(
            "toolUse" in block or "toolResult" in block for part in messages for block in _blocks(part)
        )

    def read(self, record: JsonValue, place: Place) -> Transcript:
        messages = record.get("messages") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(messages, list):
            raise UnreadableRecordError("the record has no messages")
        prompt = _text(_listed(record.get("system")))
        plain: list[JsonValue] = [{"role": "system", "content": prompt}] if prompt else []
        for turn, message in enumerate(messages):
            plain.extend(_plain(message, turn))
        config = record.get("toolConfig")
        return Transcript(
            id=identity(record, place),
            messages=read_messages(plain),
            tools=read_tools(_tools(config)) if isinstance(config, Mapping) else None,
            place=place,
        )


def _tools(config: JsonObject) -> list[JsonValue]:
    specs = (entry.get("toolSpec") for entry in _listed(config.get("tools")))
    return [{**spec, "inputSchema": _schema(spec)} for spec in specs if isinstance(spec, Mapping)]


def _schema(spec: JsonObject) -> JsonValue:
    schema = spec.get("inputSchema")
    return schema["json"] if isinstance(schema, Mapping) and "json" in schema else schema


def _plain(message: JsonValue, turn: int) -> Iterator[JsonValue]:
    """Give the message as others write it, its results first."""
    if not isinstance(message, Mapping):
        raise UnreadableRecordError(f"message {turn} is no object")
    blocks = _blocks(message)
    for result in (block["toolResult"] for block in blocks if "toolResult" in block):
        if isinstance(result, Mapping):
            yield {"role": "tool", "tool_call_id": result.get("toolUseId"), "content": _result(result)}
    calls: list[JsonValue] = [
        {"id": use.get("toolUseId"), "name": use.get("name"), "arguments": use.get("input")}
        for use in (block.get("toolUse") for block in blocks)
        if isinstance(use, Mapping)
    ]
    text = _text(blocks)
    if calls:
        yield {"role": message.get("role"), "content": text or None, "tool_calls": calls}
    elif text or not any("toolResult" in block for block in blocks):
        yield {"role": message.get("role"), "content": text}


def _result(result: JsonObject) -> JsonValue:
    """A result of one JSON value is that value; more parts are joined as text."""
    parts = _listed(result.get("content"))
    held = parts[0]["json"] if len(parts) == 1 and "json" in parts[0] else _text(parts)
    return (
        {"error": held if isinstance(held, str) else "the tool failed"}
        if result.get("status") == "error"
        else held
    )


def _blocks(message: JsonValue) -> list[JsonObject]:
    content = message.get("content") if isinstance(message, Mapping) else None
    return [{"text": content}] if isinstance(content, str) else _listed(content)


def _listed(value: JsonValue) -> list[JsonObject]:
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []


def _text(blocks: list[JsonObject]) -> str:
    return "\n".join(text for block in blocks if isinstance(text := block.get("text"), str))
