"""One JSON object too long to be parsed whole, cut into small objects: one for each item of a named list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolace_mt.formats.json_scan import DEEPEST, Broken, Marks, Piece, TooLong

__all__ = ["cut_member"]

_NAME = re.compile(rb'\s*"([^"\\]*)"\s*:\s*')


class _Cutter:
    """Members stand at depth 1, and the items of the list at depth 2."""

    __slots__ = ("_beside", "_in_list", "_kept", "_name", "_piece", "ended", "marks")

    def __init__(self, *, name: bytes, kept: bytes, limit: int) -> None:
        self.marks = Marks()
        self.ended = False
        self._name = name
        self._kept = kept
        self._piece = Piece(limit)
        self._in_list = False
        self._beside = b""

    def feed(self, chunk: bytes) -> Iterator[bytes | TooLong]:
        start = 0
        for at, mark in self.marks.of(chunk):
            depth = self.marks.depth
            if mark in b"[{":
                if depth == 1 or (depth == 2 and self._opens_list(mark, chunk[start:at])):
                    start = at + 1
            elif mark in b"]}":
                if depth == (1 if self._in_list else 0):
                    yield from self._cut(chunk[start:at])
                    start, self._in_list, self.ended = at + 1, False, depth == 0
            elif depth == (2 if self._in_list else 1):
                yield from self._cut(chunk[start:at])
                start = at + 1
        self._piece.add(chunk[start:])

    def _opens_list(self, mark: bytes, last: bytes) -> bool:
        named = _NAME.fullmatch(self._piece.text(last))
        self._in_list = mark == b"[" and named is not None and named[1] == self._name
        if self._in_list:
            self._piece.take()
        return self._in_list

    def _cut(self, last: bytes) -> Iterator[bytes | TooLong]:
        self._piece.add(last)
        text = self._piece.take()
        if isinstance(text, TooLong):
            if self._in_list:
                yield text
        elif self._in_list:
            if text:
                yield b'{"%s": [%s]%s}' % (self._name, text, self._beside)
        elif (named := _NAME.match(text)) is not None and named[1] == self._kept:
            self._beside += b", " + text


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
        if cutter.marks.depth > DEEPEST:
            yield Broken("the JSON object is nested too deeply to go on")
            return
    yield Broken("the JSON object does not end")
