"""Calls in a model's own marks in the assistant's text: Mistral's, Llama's, Qwen's, XML, or bare JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import call_of, loose_value
from toolace_mt.formats.json_text import NotJsonError, parse_json
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import Turn, identity, listed_turns, read_result, read_turns, tools_in
from toolace_mt.transcript import DeclaredTool, JsonValue, Message, Place, RecordedCall, Transcript

__all__ = ["MarksFormat"]

_MISTRAL = "[TOOL_CALLS]"
_MISTRAL_NAMED = re.compile(r"([\w.-]+)\s*(?:\[CALL_ID\]\s*\w+\s*)?(?:\[ARGS\]\s*)?(?=\{)")
_LLAMA = "<|python_tag|>"
_TOOLCALL = re.compile(r"<TOOLCALL>(.*?)(?:</TOOLCALL>|\Z)", re.DOTALL)
_MARKS = (_MISTRAL, _LLAMA, "<TOOLCALL>", "<invoke ", "<function=")
_ENDS = re.compile(r"</s>|<\|(?:eom_id|eot_id|im_end)\|>")
_INVOKED = re.compile(r"<invoke\s+name=\"([^\"]+)\"\s*>(.*?)</invoke>", re.DOTALL)
_NAMED = re.compile(r"<parameter\s+name=\"([^\"]+)\"[^>]*>(.*?)</parameter>", re.DOTALL)
_FUNCTION = re.compile(
    r"(?:<tool_call>\s*)?<function=([^>\s]+)>(.*?)</function>(?:\s*</tool_call>)?", re.DOTALL
)
_PARAMETER = re.compile(r"<parameter=([^>\s]+)>(.*?)</parameter>", re.DOTALL)
_AROUND = re.compile(r"</?function_calls>")
_FENCED = re.compile(r"```(?:json|tool_call|tool_code)?\s*\n(.*?)\n?\s*```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Found:
    """What an assistant's text says beside its calls, and these."""

    text: str
    calls: tuple[RecordedCall, ...]


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
            marked = any(mark in said for mark in _MARKS) or (declares and _is_bare(said))
            if marked and _read(said, declares=declares) is not None:
                return True
        return False

    def read(self, record: JsonValue, place: Place) -> Transcript:
        turns = read_turns(record)
        written = record.get("tools", record.get("functions")) if isinstance(record, Mapping) else None
        tools = read_tools(written) if written else _prompted(turns)
        messages = tuple(_message(turn, declares=tools is not None) for turn in turns)
        as_text = any("<invoke " in turn.text or "<function=" in turn.text for turn in turns)
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


def _read(said: str, *, declares: bool) -> _Found | None:
    readers: tuple[Callable[[str], _Found | None], ...] = (
        _mistral,
        _llama,
        _listed_in_tags,
        _invoked,
        _function,
    )
    found = next((found for read in readers if (found := read(said)) is not None), None)
    return found or (_bare(said) if declares else None)


def _mistral(said: str) -> _Found | None:
    """``[TOOL_CALLS] [{...}]``, and the newer ``[TOOL_CALLS]name[ARGS]{...}`` for each call."""
    text, *parts = _ENDS.sub("", said).split(_MISTRAL)
    if not parts:
        return None
    return _Found(text.strip(), tuple(call for part in parts for call in _mistral_calls(part.strip())))


def _mistral_calls(part: str) -> Iterator[RecordedCall]:
    named = _MISTRAL_NAMED.match(part)
    if named is None:
        yield from _listed(part)
        return
    try:
        yield call_of({"name": named[1], "arguments": loose_value(part[named.end() :])}, "a call")
    except (NotJsonError, UnreadableRecordError):
        yield RecordedCall(name=named[1], arguments=None, raw=part[named.end() :])


def _llama(said: str) -> _Found | None:
    """``<|python_tag|>{...}; {...}``."""
    text, mark, part = said.partition(_LLAMA)
    if not mark:
        return None
    part = _ENDS.sub("", part).strip()
    return _Found(text.strip(), tuple(_listed(part) if "};" not in part else _parted(part)))


def _listed_in_tags(said: str) -> _Found | None:
    """``<TOOLCALL>[{...}]</TOOLCALL>``, as Nemotron writes."""
    parts = _TOOLCALL.findall(said)
    if not parts:
        return None
    return _Found(_TOOLCALL.sub("", said).strip(), tuple(call for part in parts for call in _listed(part)))


def _parted(part: str) -> Iterator[RecordedCall]:
    for one in re.split(r"(?<=\})\s*;\s*(?=\{)", part):
        yield from _listed(one)


def _invoked(said: str) -> _Found | None:
    return _in_xml(said, _INVOKED, _NAMED)


def _function(said: str) -> _Found | None:
    return _in_xml(said, _FUNCTION, _PARAMETER)


def _in_xml(said: str, call: re.Pattern[str], parameter: re.Pattern[str]) -> _Found | None:
    calls = tuple(
        RecordedCall(name=found[1], arguments=dict(_parameters(found[2], parameter)))
        for found in call.finditer(said)
    )
    return _Found(_AROUND.sub("", call.sub("", said)).strip(), calls) if calls else None


def _parameters(body: str, parameter: re.Pattern[str]) -> Iterator[tuple[str, JsonValue]]:
    """Values stand as text; objects and lists as JSON."""
    for found in parameter.finditer(body):
        value = found[2].removeprefix("\n").removesuffix("\n")
        if value.lstrip()[:1] in ("{", "["):
            yield found[1], read_result(value)
        else:
            yield found[1], value


def _is_bare(said: str) -> bool:
    return said.lstrip().startswith(("{", "[{", "[ {", "```"))


def _bare(said: str) -> _Found | None:
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
    return _Found("", tuple(call_of(one, "the text") for one in listed))


def _is_call(value: JsonValue) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        return False
    return any(isinstance(value.get(key), Mapping) and len(value) <= 4 for key in ("arguments", "parameters"))


def _listed(part: str) -> Iterator[RecordedCall]:
    try:
        value = loose_value(part)
        for one in value if isinstance(value, list) else [value]:
            yield call_of(one, "a call")
    except (NotJsonError, UnreadableRecordError):
        yield RecordedCall(name="?", arguments=None, raw=part)
