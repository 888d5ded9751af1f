"""Long JSON text followed chunk by chunk without parsing it: its brackets and commas, and pieces of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["DEEPEST", "Broken", "Marks", "Piece", "TooLong"]

DEEPEST = 1000
"""Far deeper than any record may be; a file of opening brackets is not followed to its end."""
_STRING_PARTS = rb'[^"\\]*(?:\\.[^"\\]*)*("?)'
_MARK_OR_STRING = re.compile(rb'[\[\]{},]|"' + _STRING_PARTS, re.DOTALL)
_REST_OF_STRING = re.compile(_STRING_PARTS, re.DOTALL)
_QUOTE = 0x22


class TooLong:
    """Stands for a record, or the end of a list, that could not be taken as it is."""

    __slots__ = ("reason",)

    def __init__(self, limit: int) -> None:
        self.reason = f"the record is longer than {limit} bytes"


class Broken(TooLong):
    """The text does not end as it should."""

    __slots__ = ()

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Marks:
    """Brackets and commas outside of strings.  ``depth`` is how many brackets are open after the last one."""

    __slots__ = ("_in_string", "_is_escaped", "depth")

    def __init__(self) -> None:
        self.depth = 0
        self._in_string = False
        self._is_escaped = False

    def of(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Give the place in the chunk and the sign of each mark; the chunk must be read to its end."""
        start = self._after_string(chunk) if self._in_string else 0
        for found in _MARK_OR_STRING.finditer(chunk, start):
            mark = found[0]
            if mark[0] == _QUOTE:
                if not found[1]:
                    self._leave_open(found.end() < len(chunk))
                continue
            if mark in b"[{":
                self.depth += 1
            elif mark != b",":
                self.depth -= 1
            yield found.start(), mark

    def _after_string(self, chunk: bytes) -> int:
        """Give the place after a string that began in an earlier chunk."""
        found = _REST_OF_STRING.match(chunk, min(self._is_escaped, len(chunk)))
        assert found is not None  # it fits anything
        if found[1]:
            self._in_string = False
            return found.end()
        if chunk:
            self._leave_open(found.end() < len(chunk))
        return len(chunk)

    def _leave_open(self, ends_in_escape: bool) -> None:
        self._in_string, self._is_escaped = True, ends_in_escape


class Piece:
    """What was read of one piece so far, unless it is longer than a record may be."""

    __slots__ = ("_limit", "_parts", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, part: bytes) -> None:
        """Go on with the piece."""
        self._size += len(part)
        if self._size <= self._limit:
            self._parts.append(part)
        else:
            self._parts.clear()

    def text(self, more: bytes = b"") -> bytes:
        """Give what is kept and ``more``, without blanks around it."""
        return b"".join((*self._parts, more)).strip()

    def take(self) -> bytes | TooLong:
        """End the piece and begin another."""
        taken = TooLong(self._limit) if self._size > self._limit else self.text()
        self._parts.clear()
        self._size = 0
        return taken
