"""The items of one long JSON list, cut out of a stream without parsing the whole."""

from __future__ import annotations

from collections.abc import Iterator

from toolace_mt.formats.json_scan import DEEPEST, Broken, Marks, Piece, TooLong

__all__ = ["list_items"]


class _Cutter:
    """Items stand at depth 1."""

    __slots__ = ("ended", "marks", "piece")

    def __init__(self, limit: int) -> None:
        self.marks = Marks()
        self.piece = Piece(limit)
        self.ended = False

    def feed(self, chunk: bytes) -> Iterator[bytes | TooLong]:
        start = 0
        for at, mark in self.marks.of(chunk):
            depth = self.marks.depth
            if self.ended or depth > 1:
                continue
            if mark in b"[{":
                start = at + 1
            elif depth == 0 or mark == b",":
                yield from self._cut(chunk[start:at])
                start, self.ended = at + 1, depth == 0
        self.piece.add(chunk[start:])

    def _cut(self, last: bytes) -> Iterator[bytes | TooLong]:
        self.piece.add(last)
        item = self.piece.take()
        if item != b"":
            yield item


def list_items(chunks: Iterator[bytes], limit: int) -> Iterator[bytes | TooLong]:
    """Give each item's bytes; what is wrong with an item shows when it is parsed.

    A list that does not end, or is followed by something, gives one more item that says so.
    """
    cutter = _Cutter(limit)
    for chunk in chunks:
        if cutter.ended:
            cutter.piece.add(chunk[:64])
            break
        yield from cutter.feed(chunk)
        if cutter.marks.depth > DEEPEST:
            yield Broken("the JSON list is nested too deeply to go on")
            return
        if cutter.ended and cutter.piece.text():
            break
    if not cutter.ended:
        yield Broken("the JSON list does not end")
    elif cutter.piece.text():
        yield Broken("there is more after the end of the JSON list")
