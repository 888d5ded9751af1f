"""A user's own shape, told by a small YAML file: where the messages are and what their parts are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox import YamlError, read_yaml
from toolace_mt.formats.base import FormatError, UnreadableRecordError
from toolace_mt.formats.call_text import call_of
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import read_result
from toolace_mt.transcript import JsonValue, Message, Place, RecordedCall, Role, Transcript

__all__ = ["MappedFormat", "Shape", "open_mapping"]


class Shape(BaseModel):
    """The mapping file.  Each value but ``roles`` is a dotted path into the record or the message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    messages: str
    role: str = "role"
    text: str = "content"
    id: str | None = None
    tools: str | None = None
    calls: str | None = "tool_calls"
    name: str = "name"
    arguments: str = "arguments"
    call_id: str = "id"
    result: str | None = None
    result_of: str = "tool_call_id"
    roles: dict[str, Role] = {}
    is_reference: bool = False


def open_mapping(path: Path) -> MappedFormat:
    """Read a mapping file; raise FormatError with what is wrong in it."""
    try:
        written: Any = read_yaml(path.read_text(encoding="utf-8"))
        return MappedFormat(path.stem, Shape.model_validate(written))
    except (OSError, UnicodeDecodeError, YamlError) as error:
        raise FormatError(f"cannot read the mapping file {path}: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise FormatError(f"mapping file {path}: {where}: {first['msg']}") from None


class MappedFormat:
    """Reads records of the shape that the mapping tells."""

    def __init__(self, name: str, shape: Shape) -> None:
        self.name = name
        self._shape = shape

    def detect(self, sample: JsonValue) -> bool:
        return isinstance(_at(sample, self._shape.messages), list)

    def read(self, record: JsonValue, place: Place) -> Transcript:
        shape = self._shape
        listed = _at(record, shape.messages)
        if not isinstance(listed, list):
            raise UnreadableRecordError(f"there is no list at {shape.messages!r}")
        found = _at(record, shape.id) if shape.id else None
        tools = _at(record, shape.tools) if shape.tools else None
        return Transcript(
            id=str(found) if isinstance(found, (str, int)) else place.as_id,
            messages=tuple(self._message(entry, turn) for turn, entry in enumerate(listed)),
            tools=read_tools(tools),
            place=place,
            is_reference=shape.is_reference,
        )

    def _message(self, entry: JsonValue, turn: int) -> Message:
        shape = self._shape
        speaker = _at(entry, shape.role)
        known: Mapping[str, Role] = {
            "system": "system", "user": "user", "assistant": "assistant", "tool": "tool", **shape.roles
        }  # fmt: skip
        role = known.get(str(speaker))
        if role is None:
            raise UnreadableRecordError(
                f"message {turn} has the role {str(speaker)[:40]!r}; name it under roles in the mapping"
            )
        text = _at(entry, shape.text)
        if role == "tool":
            value = _at(entry, shape.result) if shape.result else text
            answered = _at(entry, shape.result_of)
            return Message(
                role=role,
                value=read_result(value) if isinstance(value, str) else value,
                call_id=answered if isinstance(answered, str) else None,
            )
        calls = _at(entry, shape.calls) if shape.calls else None
        return Message(
            role=role,
            text=text if isinstance(text, str) else None,
            calls=tuple(self._call(call, turn) for call in _listed(calls)),
        )

    def _call(self, entry: JsonValue, turn: int) -> RecordedCall:
        shape = self._shape
        plain = {
            "name": _at(entry, shape.name),
            "arguments": _at(entry, shape.arguments),
            "id": _at(entry, shape.call_id),
        }
        return call_of(plain, f"message {turn}")


def _listed(value: JsonValue) -> Sequence[JsonValue]:
    if value is None:
        return ()
    return value if isinstance(value, (list, tuple)) else (value,)


def _at(value: JsonValue, path: str | None) -> JsonValue:
    for key in (path or "").split("."):
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
