"""OpenAI's responses: ``input`` and ``output`` are lists of items, among them calls and their outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.messages import read_messages
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import JsonObject, JsonValue, Place, Transcript

__all__ = ["ResponsesFormat"]

_ITEMS = ("function_call", "function_call_output")
_SILENT = ("reasoning", "item_reference")


class ResponsesFormat:
    """Reads ``instructions``, ``input`` and ``output``; neighbouring calls belong to one message."""

    name = "responses"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, Mapping):
            return False
        return any(isinstance(item, Mapping) and item.get("type") in _ITEMS for item in _items(sample))

    def read(self, record: JsonValue, place: Place) -> Transcript:
        if not isinstance(record, Mapping):
            raise UnreadableRecordError("the record is no object")
        instructions = record.get("instructions")
        prompt: list[JsonValue] = [{"role": "system", "content": instructions}] if instructions else []
        return Transcript(
            id=identity(record, place),
            messages=read_messages([*prompt, *_messages(_items(record))]),
            tools=read_tools(record.get("tools")),
            place=place,
        )


def _items(record: JsonObject) -> list[JsonValue]:
    items: list[JsonValue] = []
    for key in ("input", "output"):
        listed = record.get(key)
        if isinstance(listed, list):
            items.extend(listed)
    return items


def _messages(items: list[JsonValue]) -> Iterator[JsonValue]:
    calls: list[JsonValue] = []
    for item in items:
        kind = item.get("type", "message") if isinstance(item, Mapping) else "message"
        if isinstance(item, Mapping) and kind == "function_call":
            calls.append({**item, "id": item.get("call_id")})
            continue
        if calls and kind not in _SILENT:
            yield {"role": "assistant", "content": None, "tool_calls": calls}
            calls = []
        if isinstance(item, Mapping) and kind == "function_call_output":
            yield {"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")}
        elif kind not in _SILENT:
            yield item
    if calls:
        yield {"role": "assistant", "content": None, "tool_calls": calls}
