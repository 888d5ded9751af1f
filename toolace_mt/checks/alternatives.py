"""Which of an answer key's alternatives a call is judged by: the one that stands best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from toolace_mt.checks.references import is_placeholder
from toolace_mt.checks.toolset import Toolset, compile_schema
from toolace_mt.json_path import child
from toolace_mt.provenance import Trace, trace
from toolace_mt.transcript import JsonObject, JsonValue, Message, RecordedCall, Transcript

__all__ = ["settle_alternatives"]

_Merit = tuple[bool, bool, bool, bool]


def settle_alternatives(transcript: Transcript, toolset: Toolset | None) -> Transcript:
    """Give the transcript in which each argument is the acceptable value that fits the tool and has a source.

    A key accepts each parameter by itself, so each is chosen by itself; of equals the first counts.
    """
    most = max((len(call.others) for message in transcript.messages for call in message.calls), default=0)
    if most == 0:
        return transcript
    variants = [_variant(transcript, number) for number in range(most + 1)]
    traces = [trace(variant) for variant in variants]
    return replace(
        transcript,
        messages=tuple(
            message._replace(
                calls=tuple(
                    _settled(turn, index, variants, traces, toolset) for index in range(len(message.calls))
                )
            )
            if message.calls
            else message
            for turn, message in enumerate(transcript.messages)
        ),
    )


def _variant(transcript: Transcript, number: int) -> Transcript:
    def chosen(call: RecordedCall) -> RecordedCall:
        every = (call.arguments, *call.others)
        return call._replace(arguments=every[min(number, len(every) - 1)], others=())

    def said(message: Message) -> Message:
        return message._replace(calls=tuple(map(chosen, message.calls))) if message.calls else message

    return replace(transcript, messages=tuple(map(said, transcript.messages)))


def _settled(
    turn: int, index: int, variants: list[Transcript], traces: list[Trace], toolset: Toolset | None
) -> RecordedCall:
    calls = [variant.messages[turn].calls[index] for variant in variants]
    tool = None if toolset is None else toolset.by_name.get(calls[0].name)
    if calls[0].arguments is None:
        return calls[0]
    properties: JsonObject = {} if tool is None else tool.properties
    required = frozenset[str]() if tool is None else tool.required
    chosen: dict[str, JsonValue] = {}
    for name in dict.fromkeys(name for call in calls for name in call.arguments or ()):
        merits = [
            _merit(
                call.arguments or {},
                name,
                properties.get(name),
                name in required,
                _sources(found, turn, index, name),
            )
            for call, found in zip(calls, traces, strict=True)
        ]
        best = calls[max(range(len(calls)), key=lambda number: (merits[number], -number))].arguments or {}
        if name in best:
            chosen[name] = best[name]
    return calls[0]._replace(arguments=chosen)


def _sources(found: Trace, turn: int, index: int, name: str) -> list[bool | None]:
    """Tell of each value under the parameter whether its source is certain; None where there is none."""
    path = child("$", name)
    return [
        None if source is None or is_placeholder(found.value(site)) else source.certain
        for site, source in found.items()
        if (site.turn, site.call) == (turn, index)
        and (site.path == path or site.path.startswith((f"{path}.", f"{path}[")))
    ]


def _merit(
    arguments: JsonObject, name: str, schema: JsonValue, is_required: bool, sources: list[bool | None]
) -> _Merit:
    """Valid counts most, then a source at all, then a value rather than none, then a certain source."""
    if name not in arguments:
        return not is_required, True, False, True
    compiled = compile_schema(schema) if isinstance(schema, Mapping) else None
    is_valid = compiled is None or compiled.validator is None or compiled.validator.is_valid(arguments[name])
    return is_valid, None not in sources, True, all(sources)
