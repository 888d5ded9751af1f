"""BFCL: questions with functions, and answers as lists of acceptable values or as Python calls by turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import python_call
from toolace_mt.formats.messages import read_messages
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import (
    DeclaredTool,
    JsonObject,
    JsonValue,
    Message,
    Place,
    RecordedCall,
    Setting,
    Transcript,
)

__all__ = ["BfclFormat"]


class BfclFormat:
    """Reads ``question`` with ``function`` and, where it is there, ``ground_truth``.

    The types ``dict`` and ``float`` are the dialect's own.  Of several acceptable values the first is taken.
    """

    name = "bfcl"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, Mapping):
            return False
        if "ground_truth" in sample and "id" in sample and "question" not in sample:
            return True
        question = sample.get("question")
        return isinstance(question, list) and ("function" in sample or "involved_classes" in sample)

    def read(self, record: JsonValue, place: Place) -> Transcript:
        if not isinstance(record, Mapping):
            raise UnreadableRecordError("the record is no object")
        tools = read_tools(record.get("function"), native=True)
        known = {tool.name: tool for tool in tools or ()}
        turns = _turns(record.get("question"))
        answers = _answers(record.get("ground_truth"), known)
        messages: list[Message] = []
        for number in range(max(len(turns), len(answers))):
            messages.extend(turns[number] if number < len(turns) else ())
            messages.extend(answers[number] if number < len(answers) else ())
        return Transcript(
            id=identity(record, place),
            messages=tuple(messages),
            tools=tools,
            place=place,
            setting=Setting(hidden=record.get("initial_config")),
            is_reference=True,
        )


def _turns(question: JsonValue) -> list[tuple[Message, ...]]:
    if not isinstance(question, list):
        return []
    turns = [turn if isinstance(turn, list) else [turn] for turn in question]
    return [read_messages(turn) for turn in turns]


def _answers(truth: JsonValue, known: Mapping[str, DeclaredTool]) -> list[tuple[Message, ...]]:
    """Give the messages of each turn: steps in a row for multi-turn answers, else one parallel message."""
    if truth is None:
        return []
    if not isinstance(truth, list):
        raise UnreadableRecordError("ground_truth is no list")
    if any(isinstance(turn, list) for turn in truth):
        return [tuple(_steps(turn, known)) for turn in truth]
    calls = tuple(_call(entry, known) for entry in truth)
    return [(Message(role="assistant", calls=calls),)] if calls else []


def _steps(turn: JsonValue, known: Mapping[str, DeclaredTool]) -> Iterator[Message]:
    if not isinstance(turn, list):
        raise UnreadableRecordError("a turn of ground_truth is no list")
    for entry in turn:
        yield Message(role="assistant", calls=(_call(entry, known),))


def _call(entry: JsonValue, known: Mapping[str, DeclaredTool]) -> RecordedCall:
    if isinstance(entry, str):
        return python_call(entry, known)
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise UnreadableRecordError("an entry of ground_truth is neither a call's text nor one named call")
    name, given = next(iter(entry.items()))
    if not isinstance(given, Mapping):
        return RecordedCall(name=name, arguments=None, raw=str(given))
    return RecordedCall(name=name, arguments=_chosen(given))


def _chosen(given: JsonObject) -> JsonObject:
    """Take the first acceptable value; an empty text stands for leaving the parameter out."""
    chosen: dict[str, JsonValue] = {}
    for key, options in given.items():
        if not isinstance(options, (list, tuple)):
            chosen[key] = options
        elif _is_given(options):
            chosen[key] = _inner(options[0])
    return chosen


def _is_given(options: Sequence[JsonValue]) -> bool:
    return bool(options) and (options[0] != "" or len(options) == 1)


def _inner(value: JsonValue) -> JsonValue:
    """Members of an object are lists of acceptable values again, also inside a list of objects."""
    if isinstance(value, Mapping):
        return _chosen(value)
    if isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        return [_inner(item) for item in value]
    return value
