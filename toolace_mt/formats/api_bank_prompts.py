"""API-Bank as instructions: tools and the dialogue so far in a prompt, and the next call as the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import bracket_calls, loose_value
from toolace_mt.formats.json_text import NotJsonError
from toolace_mt.formats.tools import looks_like_tool, read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue, Message, Place, Transcript

__all__ = ["ApiBankPromptFormat"]

_REQUEST = "API-Request:"
_DESCRIPTIONS = re.compile(r"API descriptions:\s*")
_LINE = re.compile(r"^(User|AI|API-Request|Generate [^:\n]{1,40}):[ \t]*", re.MULTILINE)
_RESULT = "->"


class ApiBankPromptFormat:
    """Reads ``instruction``, ``input`` and ``output`` (or ``expected_output``) about calls of APIs."""

    name = "api-bank-prompts"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, Mapping) or not isinstance(sample.get("input"), str):
            return False
        instruction, answer = sample.get("instruction"), _answer(sample)
        if not isinstance(instruction, str) or not isinstance(answer, str):
            return False
        return answer.lstrip().startswith(_REQUEST) or "API descriptions:" in instruction

    def read(self, record: JsonValue, place: Place) -> Transcript:
        if not isinstance(record, Mapping):
            raise UnreadableRecordError("the record is no object")
        instruction, said, answer = record.get("instruction"), record.get("input"), _answer(record)
        if not isinstance(instruction, str) or not isinstance(said, str) or not isinstance(answer, str):
            raise UnreadableRecordError("the record lacks an instruction, an input or an output")
        prompt, *described = _DESCRIPTIONS.split(instruction, maxsplit=1)
        messages = [Message(role="system", text=prompt.strip()), *_spoken(said), *_spoken(answer)]
        declared = read_tools([*_described("".join(described)), *_found(messages)], native=True)
        return Transcript(
            id=identity(record, place),
            messages=tuple(messages),
            tools=_once(declared or ()) or None,
            place=place,
            is_reference=True,
            values_as_text=True,
        )


def _answer(record: JsonObject) -> JsonValue:
    return record.get("output", record.get("expected_output"))


def _spoken(text: str) -> Iterator[Message]:
    """Give the turns of a text in which each begins with its speaker on a new line."""
    marks = list(_LINE.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        words = text[mark.end() : len(text) if following is None else following.start()].strip()
        if mark[1] == "User":
            yield Message(role="user", text=words)
        elif mark[1] == "AI":
            yield Message(role="assistant", text=words)
        elif mark[1] == "API-Request":
            yield from _requested(words)


def _requested(words: str) -> Iterator[Message]:
    written, arrow, result = words.partition(_RESULT)
    calls = bracket_calls(written)
    if calls is None:
        raise UnreadableRecordError(f"a request is no call: {written[:60]!r}")
    yield Message(role="assistant", calls=calls)
    if arrow:
        yield Message(role="tool", value=_value(result.strip()))


def _value(written: str) -> JsonValue:
    try:
        return loose_value(written)
    except NotJsonError:
        return written


def _described(text: str) -> Iterator[JsonValue]:
    """One tool a line, as JSON."""
    for line in filter(None, map(str.strip, text.splitlines())):
        value = _value(line)
        if isinstance(value, Mapping):
            name = value.get("name", value.get("apiCode"))
            yield {
                **value,
                "name": name,
                "parameters": value.get("input_parameters", value.get("parameters")),
            }


def _found(messages: list[Message]) -> Iterator[JsonValue]:
    """A search for tools gives tools: from then on they may be called."""
    for message in messages:
        listed = message.value if isinstance(message.value, (list, tuple)) else [message.value]
        yield from (one for one in listed if looks_like_tool(one))


def _once(tools: tuple[DeclaredTool, ...]) -> tuple[DeclaredTool, ...]:
    return tuple({tool.name: tool for tool in reversed(tools)}.values())
