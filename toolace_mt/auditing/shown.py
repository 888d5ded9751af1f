"""A dialogue cut down to what a report shows: its messages, its calls, and where each value comes from."""

from __future__ import annotations

from toolace_mt.formats import dump_json
from toolace_mt.provenance import Source, Trace
from toolace_mt.transcript import JsonObject, JsonValue, Message, RecordedCall, Transcript

__all__ = ["shown_dialogue"]

_TEXT, _RESULT, _VALUE = 1200, 800, 160
_MESSAGES, _ARGUMENTS = 60, 40


def shown_dialogue(transcript: Transcript, sources: Trace) -> JsonObject:
    """Give the dialogue as plain JSON; long texts and long dialogues are cut and say so."""
    by_call: dict[tuple[int, int], list[JsonValue]] = {}
    for site, source in sources.items():
        listed = by_call.setdefault((site.turn, site.call), [])
        if len(listed) < _ARGUMENTS:
            listed.append([site.path, _cut(_text(sources.value(site)), _VALUE), _words(source)])
    messages = [
        _message(turn, message, by_call) for turn, message in enumerate(transcript.messages[:_MESSAGES])
    ]
    left = len(transcript.messages) - len(messages)
    return {"messages": messages, "left": left, "tools": [tool.name for tool in transcript.tools or ()][:60]}


def _message(turn: int, message: Message, by_call: dict[tuple[int, int], list[JsonValue]]) -> JsonObject:
    if message.role == "tool":
        return {"r": "tool", "t": _cut(_text(message.value), _RESULT)}
    calls = [_call(call, by_call.get((turn, index), [])) for index, call in enumerate(message.calls)]
    return {"r": message.role, "t": _cut(message.text or "", _TEXT), **({"c": calls} if calls else {})}


def _call(call: RecordedCall, values: list[JsonValue]) -> JsonObject:
    if call.arguments is None:
        return {"n": call.name, "raw": _cut(call.raw or "", _RESULT)}
    return {"n": call.name, "v": values}


def _words(source: Source | None) -> str:
    if source is None:
        return ""
    where = "" if source.turn is None else f", turn {source.turn}"
    inside = "" if source.path is None else f" {source.path}"
    unsure = "" if source.certain else " (not sure)"
    return f"{source.kind.value}: {source.how}{where}{inside}{unsure}"


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else dump_json(value)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}… ({len(text):,} characters)"
