"""What every dataset dialect offers: to recognise, read and write a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from toolace_mt.transcript import JsonObject, JsonValue, Place, Transcript

__all__ = ["Format", "FormatError", "Unreadable", "UnreadableFileError", "UnreadableRecordError"]


class FormatError(Exception):
    """Base of what goes wrong with data files."""


class UnreadableFileError(FormatError):
    """The file cannot be opened, or no dialect fits it."""


class UnreadableRecordError(FormatError):
    """A record is not what its dialect says; the message names the part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A record that could not be read, and why: data (TA001), not an error of the program."""

    place: Place
    reason: str


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

    def write(self, transcript: Transcript) -> JsonObject:
        """Give the record that reads as this transcript."""
        ...
