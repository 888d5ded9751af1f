"""A dialogue as somebody recorded it: loose enough to hold every fault that the checks look for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = [
    "DeclaredTool",
    "JsonObject",
    "JsonValue",
    "Message",
    "Place",
    "RecordedCall",
    "Role",
    "Setting",
    "Transcript",
]

JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
JsonObject = Mapping[str, JsonValue]
Role = Literal["system", "user", "assistant", "tool"]


class Place(NamedTuple):
    """Where a record was read: the file as the user named it and the record's number, from 0."""

    file: str
    record: int

    @property
    def as_id(self) -> str:
        """What a record is called that has no id of its own."""
        return f"record-{self.record}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTool:
    """A tool as the data declares it.  ``parameters`` is a JSON Schema of an object, or None if absent.

    ``respelled`` are the paths in it where the data has a type of another language (``dict``) in the place of
    JSON Schema's.
    """

    name: str
    description: str = ""
    parameters: JsonObject | None = None
    respelled: tuple[str, ...] = ()


class RecordedCall(NamedTuple):
    """A call as written.  ``arguments`` is None when they could not be read; ``raw`` is then their text.

    A tuple, as a message is: audits make very many of both, and a frozen class takes four times as long.
    ``gives`` are the labels by which later calls refer to this one's result (``var1``).  ``others`` are other
    arguments that an answer key accepts as well, each parameter by itself.
    """

    name: str
    arguments: JsonObject | None
    id: str | None = None
    raw: str | None = None
    gives: tuple[str, ...] = ()
    others: tuple[JsonObject, ...] = ()


class Message(NamedTuple):
    """One message.  A tool message has ``value`` (the result as JSON, or text that is not JSON) and, where
    the data says so, the ``call_id`` and ``name`` of the call that it answers."""

    role: Role
    text: str | None = None
    calls: tuple[RecordedCall, ...] = ()
    call_id: str | None = None
    name: str | None = None
    value: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The environment in which the calls were made, as far as the data tells.

    ``hidden`` is state that the data holds but nobody in the dialogue has shown.  ``final_state`` is the
    world after the last call, where the data has it whole; its digest is there in any case.
    """

    pack: str | None = None
    world: str | None = None
    faults: Mapping[int, JsonObject] = field(default_factory=dict)
    final_state_digest: str | None = None
    final_state: JsonObject | None = None
    hidden: JsonValue = None


_UNKNOWN = Setting()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A recorded dialogue; a turn's number is its message's index.  ``tools`` is None if the data
    declares none.

    ``tools_are_shared`` tells that they stand in another file, so that their faults are not this record's.
    ``is_reference`` tells that the calls are an answer key: no results are recorded, and nothing is said
    last.  ``omits_calls`` tells that such a key need not have the calls that only look something up.
    ``values_as_text`` tells that the dialect writes all values as text, numbers too; ``names_variables`` that
    a text may be an expression of the program around the call (``ResultSet.CONCUR_READ_ONLY``).
    """

    id: str
    messages: tuple[Message, ...]
    tools: tuple[DeclaredTool, ...] | None = None
    setting: Setting = _UNKNOWN
    place: Place | None = None
    tools_are_shared: bool = False
    is_reference: bool = False
    omits_calls: bool = False
    values_as_text: bool = False
    names_variables: bool = False
