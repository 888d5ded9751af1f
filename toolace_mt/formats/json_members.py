"""One JSON object too long to be parsed whole, cut into small objects: one for each item of a named list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from toolace_mt.formats.json_list import Broken, TooLong

__all__ = ["cut_member"]

_DEEPEST = 1000
_STRUCTURE = re.compile(rb'["\\\[\]{},]')
_NAME = re.compile(rb'\s*"([^"\\]*)"\s*:\s*')


@dataclass(slots=True)
class _Cutter:
    """Follows strings and brackets; members stand at depth 1, and the items of the list at depth 2."""

    name: bytes
    kept: bytes
    limit: int
    depth: int = 0
    in_string: bool = False
    skip: int = -1
    in_list: bool = False
    size: int = 0
    position: int = 0
    parts: list[bytes] = field(default_factory=list)
    beside: bytes = b""
    ended: bool = False

    def feed(self, chunk: bytes) -> Iterator[bytes | TooLong]:
        start = 0
        for found in _STRUCTURE.finditer(chunk):
            at, mark = found.start(), found[0]
            if self._is_text(mark, self.position + at):
                continue
            if mark in b"[{":
                self.depth += 1
                if self.depth == 1 or (self.depth == 2 and self._opens_list(mark, chunk[start:at])):
                    start = at + 1
            elif mark in b"]}":
                self.depth -= 1
                if self.depth == (1 if self.in_list else 0):
                    yield from self._cut(chunk[start:at])
                    start, self.in_list, self.ended = at + 1, False, self.depth == 0
            elif self.depth == (2 if self.in_list else 1):
                yield from self._cut(chunk[start:at])
                start = at + 1
        self._keep(chunk[start:])
        self.position += len(chunk)

    def _is_text(self, mark: bytes, at: int) -> bool:
        """Tell whether the mark is inside a string, or opens or closes one."""
        if at == self.skip:
            return True
        if mark == b"\\":
            self.skip = at + 1
        elif mark == b'"':
            self.in_string = not self.in_string
        return self.in_string or mark in b'"\\'

    def _opens_list(self, mark: bytes, last: bytes) -> bool:
        named = _NAME.fullmatch(b"".join((*self.parts, last)))
        self.in_list = mark == b"[" and named is not None and named[1] == self.name
        if self.in_list:
            self._clear()
        return self.in_list

    def _keep(self, part: bytes) -> None:
        self.size += len(part)
        if self.size <= self.limit:
            self.parts.append(part)
        else:
            self.parts.clear()

    def _clear(self) -> None:
        self.parts.clear()
        self.size = 0

    def _cut(self, part: bytes) -> Iterator[bytes | TooLong]:
        self._keep(part)
        text, too_long = b"".join(self.parts).strip(), self.size > self.limit
        self._clear()
        if self.in_list:
            if too_long:
                yield TooLong(self.limit)
            elif text:
                yield b'{"%s": [%s]%s}' % (self.name, text, self.beside)
            return
        named = _NAME.match(text)
        if named is not None and named[1] == self.kept:
            self.beside += b", " + text


def cut_member(chunks: Iterator[bytes], *, name: bytes, kept: bytes, limit: int) -> Iterator[bytes | TooLong]:
    """Give ``{name: [item], kept: ...}`` for each item of the member ``name``.

    ``kept`` is the member that every piece gets with it, if it stands before the list; the others are left
    out.  An object that does not end gives one more item that says so.
    """
    cutter = _Cutter(name=name, kept=kept, limit=limit)
    for chunk in chunks:
        yield from cutter.feed(chunk)
        if cutter.ended:
            return
        if cutter.depth > _DEEPEST:
            break
    yield Broken("the JSON object does not end")
