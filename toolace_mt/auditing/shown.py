"""A dialogue cut down to what a report shows: its messages, its calls, and where each value comes from."""

from __future__ import annotations

from collections.abc import Iterable

from toolace_mt.findings import Finding
from toolace_mt.formats import dump_json
from toolace_mt.provenance import Source, Trace
from toolace_mt.transcript import JsonObject, JsonValue, Message, RecordedCall, Transcript

__all__ = ["shown_dialogue"]

_TEXT, _RESULT, _VALUE = 1200, 800, 160
_MESSAGES, _ARGUMENTS, _TOOLS = 60, 40, 60
_FIRST, _BEFORE, _AFTER = 4, 6, 2


def shown_dialogue(
    transcript: Transcript, sources: Trace | None, findings: Iterable[Finding] = ()
) -> JsonObject:
    """Give the dialogue as plain JSON; long texts are cut and say so.  ``sources`` are None if not traced.

    Of a long dialogue the beginning and what stands around the findings is given; ``i`` is a message's turn.
    """
    by_call = {} if sources is None else _sources_by_call(sources)
    length = len(transcript.messages)
    turns = _shown_turns(length, [found.turn for found in findings if found.turn is not None])
    return {
        "messages": [_message(turn, transcript.messages[turn], by_call) for turn in turns],
        "length": length,
        "tools": [tool.name for tool in transcript.tools or ()][:_TOOLS],
    }


def _sources_by_call(sources: Trace) -> dict[tuple[int, int], list[JsonValue]]:
    by_call: dict[tuple[int, int], list[JsonValue]] = {}
    for site, source in sources.items():
        listed = by_call.setdefault((site.turn, site.call), [])
        if len(listed) < _ARGUMENTS:
            shown = _cut(_text(sources.value(site)), _VALUE)
            listed.append([site.path, shown, _words(source), None if source is None else source.turn])
    return by_call


def _shown_turns(length: int, found: list[int]) -> list[int]:
    if length <= _MESSAGES:
        return list(range(length))
    around = [turn for place in found for turn in range(place - _BEFORE, place + _AFTER + 1)]
    wanted = dict.fromkeys([*range(_FIRST), *around, *range(length)])
    return sorted([turn for turn in wanted if 0 <= turn < length][:_MESSAGES])


def _message(turn: int, message: Message, by_call: dict[tuple[int, int], list[JsonValue]]) -> JsonObject:
    if message.role == "tool":
        return {"i": turn, "r": "tool", "t": _cut(_text(message.value), _RESULT)}
    calls = [_call(call, by_call.get((turn, index), [])) for index, call in enumerate(message.calls)]
    return {
        "i": turn,
        "r": message.role,
        "t": _cut(message.text or "", _TEXT),
        **({"c": calls} if calls else {}),
    }


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
