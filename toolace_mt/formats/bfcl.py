"""BFCL: questions with functions, and answers as lists of acceptable values or as Python calls by turn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeGuard

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

_JAVA = re.compile(r"(?:^|_)java(?:script)?(?:_|\Z)")
"""The ids of questions about Java and JavaScript, whose arguments name variables and constants."""
_CALL_TEXT = re.compile(r"\s*[A-Za-z_][\w.]*\s*\(.*\)\s*\Z", re.DOTALL)
_MOST_ALTERNATIVES = 8


class BfclFormat:
    """Reads ``question`` with ``function`` and, where it is there, ``ground_truth``.

    The types ``dict`` and ``float`` are the dialect's own.  Of several acceptable values the first is taken
    and the others are kept beside it.  Where the answer is no call but words, the assistant says them.
    """

    name = "bfcl"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, Mapping):
            return False
        if "ground_truth" in sample and "id" in sample and "question" not in sample:
            return True
        question = sample.get("question")
        if isinstance(question, str):
            return "function" in sample  # the first release
        if not isinstance(question, list):
            return False
        return "function" in sample or "involved_classes" in sample or _turns_are_messages(question)

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
            names_variables=_JAVA.search(str(record.get("id"))) is not None,
        )


def _turns_are_messages(question: list[JsonValue]) -> bool:
    return bool(question) and all(
        isinstance(message, Mapping) and "role" in message
        for turn in question
        for message in (turn if isinstance(turn, list) else [turn])
    )


def _turns(question: JsonValue) -> list[tuple[Message, ...]]:
    if isinstance(question, str):
        return [(Message(role="user", text=question),)]
    if not isinstance(question, list):
        return []
    turns = [turn if isinstance(turn, list) else [turn] for turn in question]
    return [read_messages(turn) for turn in turns]


def _answers(truth: JsonValue, known: Mapping[str, DeclaredTool]) -> list[tuple[Message, ...]]:
    """Give the messages of each turn: steps in a row for multi-turn answers, else one parallel message."""
    if truth is None:
        return []
    if _is_words(truth):
        said = truth if isinstance(truth, str) else " / ".join(map(str, truth))
        return [(Message(role="assistant", text=said),)]
    if isinstance(truth, Mapping) and all(isinstance(given, Mapping) for given in truth.values()):
        named = tuple(_named_call(name, given, known) for name, given in truth.items())
        return [(Message(role="assistant", calls=named),)] if named else []
    if not isinstance(truth, list):
        raise UnreadableRecordError("ground_truth is neither a list nor calls by name")
    if any(isinstance(turn, list) for turn in truth):
        return [tuple(_steps(turn, known)) for turn in truth]
    calls = tuple(_call(entry, known) for entry in truth)
    return [(Message(role="assistant", calls=calls),)] if calls else []


def _is_words(truth: JsonValue) -> TypeGuard[str | list[str]]:
    """Tell whether the answer is a text, or acceptable texts, and no call."""
    if isinstance(truth, str):
        return True
    if not isinstance(truth, list) or not truth:
        return False
    return all(isinstance(entry, str) and _CALL_TEXT.match(entry) is None for entry in truth)


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
    variants = tuple(_variant(given, number) for number in range(min(_longest(given), _MOST_ALTERNATIVES)))
    return RecordedCall(name=name, arguments=variants[0], others=variants[1:])


def _named_call(name: str, given: JsonValue, known: Mapping[str, DeclaredTool]) -> RecordedCall:
    """ACEBench has calls by name, numbered where a tool is called twice, and one value for each parameter."""
    base, numbered, number = name.rpartition("_")
    called = base if numbered and number.isdecimal() and name not in known and base in known else name
    return RecordedCall(name=called, arguments=given if isinstance(given, Mapping) else None)


def _longest(given: JsonObject) -> int:
    return max((len(_acceptable(options)) for options in given.values()), default=1)


class _Omitted:
    """Stands for leaving a parameter out."""


def _acceptable(options: JsonValue) -> list[JsonValue | _Omitted]:
    """Give the acceptable values; an empty text stands for leaving the parameter out."""
    if not isinstance(options, (list, tuple)):
        return [options]
    values: list[JsonValue | _Omitted] = [option for option in options if option != ""]
    if len(values) == len(options) and values:
        return values
    if options and options[0] == "":
        return [_Omitted(), *values, ""]
    return [*values, _Omitted()]


def _variant(given: JsonObject, number: int) -> JsonObject:
    """Take the acceptable value of this number for each parameter, or its last one."""
    chosen: dict[str, JsonValue] = {}
    for key, options in given.items():
        values = _acceptable(options)
        value = values[min(number, len(values) - 1)]
        if not isinstance(value, _Omitted):
            chosen[key] = _inner(value, number) if isinstance(options, (list, tuple)) else value
    return chosen


def _inner(value: JsonValue, number: int) -> JsonValue:
    """Members of an object are lists of acceptable values again, also inside a list of objects."""
    if isinstance(value, Mapping):
        return _variant(value, number)
    if isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        return [_inner(item, number) for item in value]
    return value
