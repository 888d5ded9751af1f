"""What every dataset dialect offers: to recognise and read a record, and mostly to write one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from toolace_mt.transcript import JsonObject, JsonValue, Place, Transcript

__all__ = [
    "Format",
    "FormatError",
    "NotWritableError",
    "Unreadable",
    "UnreadableFileError",
    "UnreadableRecordError",
    "WritableFormat",
]


class FormatError(Exception):
    """Base of what goes wrong with data files."""


class UnreadableFileError(FormatError):
    """The file cannot be opened, or no dialect fits it."""


class UnreadableRecordError(FormatError):
    """A record is not what its dialect says; the message names the part."""


class NotWritableError(FormatError):
    """The dialect is read only: its records hold more than a dialogue, or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A record that could not be read, and why: data (TA001), not an error of the program.

    ``is_foreign`` tells that it is a JSON object in which no dialect keeps anything.
    """

    place: Place
    reason: str
    is_foreign: bool = False


class Format(Protocol):
    """One dialect.  Implementations hold no state."""

    @property
    def name(self) -> str:
        """The name by which people choose it."""
        ...

    def detect(self, sample: JsonValue) -> bool:
        """Tell whether a record looks like this dialect; must not raise."""
        ...

    def read(self, record: JsonValue, place: Place) -> Transcript:
        """Read a record; raise UnreadableRecordError if it cannot be read."""
        ...


@runtime_checkable
class WritableFormat(Format, Protocol):
    """A dialect that can hold a dialogue as we know it."""

    def write(self, transcript: Transcript) -> JsonObject:
        """Give the record that reads as this transcript, as far as the dialect can hold it."""
        ...
