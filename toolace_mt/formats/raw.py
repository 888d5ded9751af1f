"""A record before it is parsed, and what is needed of an open file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["ByteStream", "Consumed", "RawRecord"]


class ByteStream(Protocol):
    """What is needed of an open file."""

    def read(self, size: int, /) -> bytes: ...

    def readline(self, size: int, /) -> bytes: ...


@dataclass(slots=True)
class Consumed:
    """How far the reading of a file has come, in bytes on the disk: of a packed file, packed ones."""

    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """A record's bytes as they stand in the file, or the reason why there are none."""

    number: int
    text: bytes
    reason: str | None = None
