"""The items of one long JSON list, cut out of a stream without parsing the whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["TooLong", "list_items"]

_DEEPEST = 1000
"""Far deeper than any record may be; a file of opening brackets is not followed to its end."""
_STRUCTURE = re.compile(rb'["\\\[\]{},]')


class TooLong:
    """Stands for a record, or the end of a list, that could not be taken as it is."""

    __slots__ = ("reason",)

    def __init__(self, limit: int) -> None:
        self.reason = f"the record is longer than {limit} bytes"


class Broken(TooLong):
    """The list does not end as a list should."""

    __slots__ = ()

    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass(slots=True)
class _Cutter:
    """Follows strings and brackets; ``depth`` is 1 inside the list and 0 after its end."""

    limit: int
    depth: int = 0
    in_string: bool = False
    escaped_at: int = -1
    position: int = 0
    size: int = 0
    parts: list[bytes] = field(default_factory=list)
    ended: bool = False

    def feed(self, chunk: bytes) -> Iterator[bytes | TooLong]:
        start = 0
        for found in _STRUCTURE.finditer(chunk):
            at, mark = found.start(), found[0]
            if self._skips(mark, self.position + at):
                continue
            if mark == b"," and self.depth == 1:
                yield from self._cut(chunk[start:at])
                start = at + 1
            elif mark in b"[{":
                self.depth += 1
                start = at + 1 if self.depth == 1 else start
            elif mark in b"]}":
                self.depth -= 1
                if self.depth == 0:
                    yield from self._cut(chunk[start:at])
                    self.ended = True
                    start = at + 1
        self._keep(chunk[start:])
        self.position += len(chunk)

    def _skips(self, mark: bytes, at: int) -> bool:
        """Tell whether the mark is inside a string (or opens or closes one)."""
        if self.in_string:
            if at == self.escaped_at:
                return True
            if mark == b"\\":
                self.escaped_at = at + 1
            elif mark == b'"':
                self.in_string = False
            return True
        if mark == b'"':
            self.in_string = True
        return mark in b'"\\'

    def _keep(self, part: bytes) -> None:
        self.size += len(part)
        if self.size <= self.limit:
            self.parts.append(part)
        else:
            self.parts.clear()

    def _cut(self, part: bytes) -> Iterator[bytes | TooLong]:
        self._keep(part)
        text, size = b"".join(self.parts).strip(), self.size
        self.parts.clear()
        self.size = 0
        if size > self.limit:
            yield TooLong(self.limit)
        elif text:
            yield text


def list_items(chunks: Iterator[bytes], limit: int) -> Iterator[bytes | TooLong]:
    """Give each item's bytes; what is wrong with an item shows when it is parsed.

    A list that does not end, or is followed by something, gives one more item that says so.
    """
    cutter = _Cutter(limit=limit)
    for chunk in chunks:
        if cutter.ended:
            cutter.parts.append(chunk[:64])
            break
        yield from cutter.feed(chunk)
        if cutter.depth > _DEEPEST:
            yield Broken("the JSON list is nested too deeply to go on")
            return
        if cutter.ended and b"".join(cutter.parts).strip():
            break
    left = b"".join(cutter.parts).strip()
    if not cutter.ended:
        yield Broken("the JSON list does not end")
    elif left:
        yield Broken("there is more after the end of the JSON list")
