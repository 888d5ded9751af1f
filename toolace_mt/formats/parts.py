"""Message content in typed parts: text, calls, reasoning and media."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.json_text import NotJsonError, parse_json
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["Content", "read_content"]

_TEXT = ("text", "output_text", "input_text", "refusal")
_CALLS = ("tool_call", "tool_use", "function_call")
_SILENT = ("reasoning", "thinking", "redacted_thinking")
"""What is thought is not said: it neither grounds a value nor calls a tool."""
_MEDIA = ("image", "audio", "video", "file", "input_image", "input_audio", "input_file", "document")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message's content says, and the calls written into it (as objects with name and arguments)."""

    text: str | None
    calls: tuple[JsonObject, ...] = ()


def read_content(content: JsonValue, turn: int) -> Content:
    """Read text or typed parts; raise UnreadableRecordError for anything else."""
    if content is None or isinstance(content, str):
        return Content(text=content)
    if not isinstance(content, (list, tuple)):
        raise UnreadableRecordError(f"message {turn} has content that is neither text nor parts")
    return _parts(content, turn)


def _parts(parts: Sequence[JsonValue], turn: int) -> Content:
    texts: list[str] = []
    calls: list[JsonObject] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        kind = str(part.get("type", "text")) if isinstance(part, (dict, Mapping)) else ""
        if isinstance(part, (dict, Mapping)) and kind in _TEXT:
            texts.append(_text_of(part, turn))
        elif isinstance(part, (dict, Mapping)) and kind in _CALLS:
            calls.append(_call_of(part, turn))
        elif kind.removesuffix("_url") in _MEDIA:
            texts.append(f"[{kind}]")
        elif kind not in _SILENT:
            raise UnreadableRecordError(f"message {turn} has a content part of unknown type {kind[:40]!r}")
    return Content(text="\n".join(texts) if texts or not calls else None, calls=tuple(calls))


def _text_of(part: JsonObject, turn: int) -> str:
    text = part.get("text", part.get("value", part.get("refusal")))
    if not isinstance(text, str):
        keys = ", ".join(map(str, part))[:60]
        raise UnreadableRecordError(f"message {turn} has a text part without text, with {keys}")
    return text


def _call_of(part: JsonObject, turn: int) -> JsonObject:
    """The call is the part itself (``name`` with ``input``) or JSON text in ``value``."""
    written = part.get("value")
    if not isinstance(written, str):
        return {**part, "arguments": part.get("arguments", part.get("input"))}
    try:
        call = parse_json(written)
    except NotJsonError as error:
        raise UnreadableRecordError(f"message {turn} has a call part that is {error}") from None
    if not isinstance(call, (dict, Mapping)):
        raise UnreadableRecordError(f"message {turn} has a call part that is no object")
    return call
