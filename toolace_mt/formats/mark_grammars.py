"""How models mark calls in their text, a reader for each family; each gives None where its mark is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import call_of, loose_value, python_call
from toolace_mt.formats.json_text import NotJsonError
from toolace_mt.formats.turns import read_result
from toolace_mt.transcript import JsonValue, RecordedCall

__all__ = ["MARKS", "TEXT_MARKS", "Marked", "listed_calls", "marked"]

_MISTRAL = "[TOOL_CALLS]"
_LLAMA = "<|python_tag|>"
TEXT_MARKS = ("<invoke ", "<parameter=", "<arg_key>")
"""Where these stand, values are text, whatever their types."""
MARKS = (
    _MISTRAL, _LLAMA, "<TOOLCALL>", "<function=", "<|tool_call|>", "<|tool_call_begin|>",
    "<\uff5ctool▁call▁begin\uff5c>", " to=functions.", "functools[", *TEXT_MARKS,
)  # fmt: skip

_ENDS = re.compile(r"</s>|<\|(?:eom_id|eot_id|im_end|end|end_of_text)\|>|<\uff5cend▁of▁sentence\uff5c>")
_MISTRAL_NAMED = re.compile(r"([\w.-]+)\s*(?:\[CALL_ID\]\s*\w+\s*)?(?:\[ARGS\]\s*)?(?=\{)")
_NAMED_GRAMMARS = (
    re.compile(r"<function=([^>\s]+)>\s*(\{.*?\}|)\s*</function>", re.DOTALL),  # Llama 3.1
    re.compile(  # DeepSeek V3 and V3.1
        r"<\uff5ctool▁call▁begin\uff5c>(?:function<\uff5ctool▁sep\uff5c>)?([^<\s]+)"
        r"(?:\s*```json\s*|<\uff5ctool▁sep\uff5c>)(.*?)(?:\s*```)?\s*<\uff5ctool▁call▁end\uff5c>",
        re.DOTALL,
    ),
    re.compile(  # Kimi
        r"<\|tool_call_begin\|>\s*(?:functions\.)?([^<:\s]+)(?::\d+)?\s*<\|tool_call_argument_begin\|>(.*?)"
        r"<\|tool_call_end\|>",
        re.DOTALL,
    ),
    re.compile(  # Harmony
        r"(?:<\|start\|>assistant)?(?:<\|channel\|>\w+)? to=functions\.([\w.-]+)\s*(?:<\|channel\|>\w+\s*)?"
        r"(?:<\|constrain\|>\w+\s*)?<\|message\|>(.*?)(?:<\|call\|>|\Z)",
        re.DOTALL,
    ),
)
_LIST_GRAMMARS = (
    re.compile(r"<TOOLCALL>(.*?)(?:</TOOLCALL>|\Z)", re.DOTALL),  # Nemotron
    re.compile(r"<\|tool_call\|>(.*?)(?:<\|/tool_call\|>|\Z)", re.DOTALL),  # Granite, Phi
    re.compile(r"\bfunctools(\[\s*\{.*\}\s*\])", re.DOTALL),  # Phi
)
_TEXT_GRAMMARS = (
    (
        re.compile(r"<invoke\s+name=\"([^\"]+)\"\s*>(.*?)</invoke>", re.DOTALL),
        re.compile(r"<parameter\s+name=\"([^\"]+)\"[^>]*>(.*?)</parameter>", re.DOTALL),
    ),
    (  # Qwen
        re.compile(r"(?:<tool_call>\s*)?<function=([^>\s]+)>(.*?)</function>(?:\s*</tool_call>)?", re.DOTALL),
        re.compile(r"<parameter=([^>\s]+)>(.*?)</parameter>", re.DOTALL),
    ),
    (  # GLM
        re.compile(r"<tool_call>\s*([\w.-]+)\s*(<arg_key>.*?|)</tool_call>", re.DOTALL),
        re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>", re.DOTALL),
    ),
)
_AROUND = re.compile(
    r"</?function_calls>|<\uff5ctool▁calls▁(?:begin|end)\uff5c>|<\|tool_calls_section_(?:begin|end)\|>"
    r"|<\|channel\|>analysis<\|message\|>.*?<\|end\|>|<\|start\|>assistant|<\|channel\|>\w+<\|message\|>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Marked:
    """What an assistant's text says beside its calls, and these."""

    text: str
    calls: tuple[RecordedCall, ...]


def marked(said: str) -> Marked | None:
    """Read the calls of an assistant's text by the first grammar whose mark stands in it."""
    return next((found for read in _READERS if (found := read(said)) is not None), None)


def listed_calls(part: str) -> Iterator[RecordedCall]:
    """Read JSON of one call or a list of them; what is neither is a call that cannot be read."""
    try:
        value = loose_value(part)
        for one in value if isinstance(value, list) else [value]:
            yield call_of(one, "a call")
    except (NotJsonError, UnreadableRecordError):
        yield RecordedCall(name="?", arguments=None, raw=part)


def _mistral(said: str) -> Marked | None:
    """``[TOOL_CALLS] [{...}]``, and the newer ``[TOOL_CALLS]name[ARGS]{...}`` for each call."""
    text, *parts = said.split(_MISTRAL)
    if not parts:
        return None
    return _found(text, (call for part in parts for call in _mistral_calls(part.strip())))


def _mistral_calls(part: str) -> Iterator[RecordedCall]:
    part = _ENDS.sub("", part)
    named = _MISTRAL_NAMED.match(part)
    if named is None:
        yield from listed_calls(part)
    else:
        yield _named(named[1], part[named.end() :])


def _llama(said: str) -> Marked | None:
    """``<|python_tag|>{...}; {...}`` or ``<|python_tag|>name(key="value")``."""
    text, mark, part = said.partition(_LLAMA)
    if not mark:
        return None
    part = _ENDS.sub("", part).strip()
    if part[:1] not in ("{", "["):
        return _found(text, [python_call(part, {})])
    return _found(text, listed_calls(part) if "};" not in part else _parted(part))


def _parted(part: str) -> Iterator[RecordedCall]:
    for one in re.split(r"(?<=\})\s*;\s*(?=\{)", part):
        yield from listed_calls(one)


def _by_name(said: str) -> Marked | None:
    """A name and JSON arguments, each between marks."""
    for grammar in _NAMED_GRAMMARS:
        calls = [_named(found[1], found[2]) for found in grammar.finditer(said)]
        if calls:
            return _found(grammar.sub("", said), calls)
    return None


def _by_list(said: str) -> Marked | None:
    """A list of calls as JSON between marks."""
    for grammar in _LIST_GRAMMARS:
        parts = grammar.findall(said)
        if parts:
            calls = (call for part in parts for call in listed_calls(_ENDS.sub("", part)))
            return _found(grammar.sub("", said), calls)
    return None


def _by_parameter(said: str) -> Marked | None:
    """A name and, each between marks, parameters as text."""
    for grammar, parameter in _TEXT_GRAMMARS:
        calls = [
            RecordedCall(name=found[1], arguments=dict(_parameters(found[2], parameter)))
            for found in grammar.finditer(said)
        ]
        if calls:
            return _found(grammar.sub("", said), calls)
    return None


def _parameters(body: str, parameter: re.Pattern[str]) -> Iterator[tuple[str, JsonValue]]:
    """Values stand as text; objects and lists as JSON."""
    for found in parameter.finditer(body):
        value = found[2].removeprefix("\n").removesuffix("\n")
        yield found[1].strip(), read_result(value) if value.lstrip()[:1] in ("{", "[") else value


def _named(name: str, arguments: str) -> RecordedCall:
    try:
        return call_of({"name": name, "arguments": loose_value(arguments.strip() or "{}")}, "a call")
    except (NotJsonError, UnreadableRecordError):
        return RecordedCall(name=name, arguments=None, raw=arguments)


def _found(text: str, calls: Iterable[RecordedCall]) -> Marked:
    return Marked(_ENDS.sub("", _AROUND.sub("", text)).strip(), tuple(calls))


_READERS: tuple[Callable[[str], Marked | None], ...] = (_mistral, _llama, _by_list, _by_name, _by_parameter)
