"""Calls in a model's own marks in the assistant's text, or as bare JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping

from toolace_mt.formats.call_text import call_of
from toolace_mt.formats.json_text import NotJsonError, parse_json
from toolace_mt.formats.mark_grammars import MARKS, TEXT_MARKS, Marked, marked
from toolace_mt.formats.tools import read_tools, tools_anywhere
from toolace_mt.formats.turns import Turn, identity, listed_turns, read_result, read_turns, tools_in
from toolace_mt.transcript import DeclaredTool, JsonValue, Message, Place, Transcript

__all__ = ["MarksFormat"]

_FENCED = re.compile(r"```(?:json|tool_call|tool_code)?\s*\n(.*?)\n?\s*```", re.DOTALL)


class MarksFormat:
    """Reads turns in which the assistant's text holds calls that no other dialect marks.

    Bare or fenced JSON counts only where tools are declared and nothing else is said.
    """

    name = "marks"

    def detect(self, sample: JsonValue) -> bool:
        found = listed_turns(sample)
        if found is None or not isinstance(sample, Mapping):
            return False
        listed, speaker, text = found
        declares = bool(sample.get("tools") or sample.get("functions"))
        for entry in listed:
            if not isinstance(entry, Mapping) or entry.get("tool_calls") or entry.get("function_call"):
                return False
            said = entry.get(text)
            if entry.get(speaker) not in ("gpt", "assistant", "model") or not isinstance(said, str):
                continue
            marked = any(mark in said for mark in MARKS) or (declares and _is_bare(said))
            if marked and _read(said, declares=declares) is not None:
                return True
        return False

    def read(self, record: JsonValue, place: Place) -> Transcript:
        turns = read_turns(record)
        written = record.get("tools", record.get("functions")) if isinstance(record, Mapping) else None
        if not written and isinstance(record, Mapping):
            written = tools_anywhere(record)
        tools = read_tools(written) if written else _prompted(turns)
        messages = tuple(_message(turn, declares=tools is not None) for turn in turns)
        as_text = any(mark in turn.text for turn in turns for mark in TEXT_MARKS)
        return Transcript(
            id=identity(record, place), messages=messages, tools=tools, place=place, values_as_text=as_text
        )


def _prompted(turns: list[Turn]) -> tuple[DeclaredTool, ...] | None:
    return next((found for turn in turns if turn.role == "system" and (found := tools_in(turn.text))), None)


def _message(turn: Turn, *, declares: bool) -> Message:
    if turn.role == "tool":
        return Message(role="tool", value=read_result(turn.text))
    found = _read(turn.text, declares=declares) if turn.role == "assistant" else None
    if found is None:
        return Message(role=turn.role, text=turn.text)
    return Message(role="assistant", text=found.text or None, calls=found.calls)


def _read(said: str, *, declares: bool) -> Marked | None:
    return marked(said) or (_bare(said) if declares else None)


def _is_bare(said: str) -> bool:
    return said.lstrip().startswith(("{", "[{", "[ {", "```"))


def _bare(said: str) -> Marked | None:
    """The whole text is a call, or a list of them, as JSON."""
    if not _is_bare(said):
        return None
    fenced = _FENCED.fullmatch(said.strip())
    try:
        value = parse_json(said if fenced is None else fenced[1])
    except NotJsonError:
        return None
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(_is_call(one) for one in listed):
        return None
    return Marked("", tuple(call_of(one, "the text") for one in listed))


def _is_call(value: JsonValue) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        return False
    return any(isinstance(value.get(key), Mapping) and len(value) <= 4 for key in ("arguments", "parameters"))
