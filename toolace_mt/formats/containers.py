"""The records of a file, one at a time: JSON lines, a JSON list or one JSON object, plain or packed.

A broken line is a record with a reason, never a silent gap, and memory is bounded by the longest record.
"""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from toolace_mt.formats.any_key import are_turns
from toolace_mt.formats.base import UnreadableFileError
from toolace_mt.formats.json_list import list_items
from toolace_mt.formats.json_members import cut_member
from toolace_mt.formats.json_scan import Broken, TooLong
from toolace_mt.formats.json_text import NotJsonError, parse_json
from toolace_mt.formats.optional_containers import TABLES, table_records, unpacked_zstd
from toolace_mt.formats.raw import ByteStream, Consumed, RawRecord
from toolace_mt.transcript import JsonValue

__all__ = ["MAX_RECORD_BYTES", "Consumed", "RawRecord", "parse_record", "raw_records"]

MAX_RECORD_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_HEAD_BYTES = 4096
_RESULTS = re.compile(rb'\s*\{\s*"(?:timestamp|info|tasks|simulations)"\s*:')
"""How a results file of tau2-bench begins; one may be far longer than any record."""
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def parse_record(record: RawRecord) -> JsonValue:
    """Parse the record's text; raise NotJsonError."""
    if record.reason is not None:
        raise NotJsonError(record.reason)
    return parse_json(record.text)


def raw_records(
    path: Path, *, max_record_bytes: int = MAX_RECORD_BYTES, consumed: Consumed | None = None
) -> Iterator[RawRecord]:
    """Give the file's records in order; blank lines are no records.  The path ``-`` is standard input.

    ``consumed`` is told how far the reading has come.

    Raise UnreadableFileError if the file cannot be opened or read.  A gzip file that breaks off ends in a
    record that says so.
    """
    consumed = Consumed() if consumed is None else consumed
    if path.suffix in TABLES:
        yield from table_records(path, max_record_bytes, consumed)
        return
    try:
        with _opened(path, consumed) as stream:
            yield from _records(stream, max_record_bytes)
    except OSError as error:
        raise UnreadableFileError(f"cannot read {path}: {error.strerror or error}") from None


@contextmanager
def _opened(path: Path, consumed: Consumed) -> Iterator[ByteStream]:
    if str(path) == "-":
        yield from _unpacked(_Counted(sys.stdin.buffer, consumed), "standard input")
        return
    with path.open("rb", buffering=_CHUNK_BYTES) as plain:  # at each read of the file other threads go first
        yield from _unpacked(_Counted(plain, consumed), str(path))


class _Counted:
    """A stream that tells how much was read from it."""

    def __init__(self, stream: ByteStream, consumed: Consumed) -> None:
        self._stream = stream
        self._consumed = consumed

    def read(self, size: int, /) -> bytes:
        part = self._stream.read(size)
        self._consumed.bytes += len(part)
        return part

    def readline(self, limit: int, /) -> bytes:
        line = self._stream.readline(limit)
        self._consumed.bytes += len(line)
        return line


def _unpacked(stream: ByteStream, name: str) -> Iterator[ByteStream]:
    """Tell the packing by the first bytes; the stream need not be able to go back."""
    head = stream.read(len(_ZSTD_MAGIC))
    whole = _Replayed(head, stream)
    if head.startswith(_GZIP_MAGIC):
        with gzip.GzipFile(fileobj=whole) as plain:  # type: ignore[call-overload] # read() is all it uses
            yield plain
    elif head.startswith(_ZSTD_MAGIC):
        with unpacked_zstd(whole, name) as plain:
            yield plain
    else:
        yield whole


def _records(stream: ByteStream, limit: int) -> Iterator[RawRecord]:
    number = -1
    try:
        for number, found in enumerate(_texts(stream, limit)):
            if isinstance(found, TooLong):
                yield RawRecord(number=number, text=b"", reason=found.reason)
            else:
                yield RawRecord(number=number, text=found)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield RawRecord(number=number + 1, text=b"", reason=f"the packed file is broken here: {error}")


def _texts(stream: ByteStream, limit: int) -> Iterator[bytes | TooLong]:
    first = _first_line(stream, limit)
    if first is None:
        return
    if isinstance(first, bytes) and first.startswith(_UTF_16):
        yield Broken("the file is UTF-16; convert it to UTF-8, as iconv -f UTF-16 -t UTF-8 does")
        return
    if isinstance(first, bytes) and first.startswith(b"["):
        yield from _lists_or_items(first, stream, limit)
        return
    if isinstance(first, bytes) and first.startswith(b"{") and not _is_json(first):
        yield from _object_or_lines(first, stream, limit)
        return
    yield first.strip() if isinstance(first, bytes) else first
    yield from _lines(stream, limit)


def _lists_or_items(first: bytes, stream: ByteStream, limit: int) -> Iterator[bytes | TooLong]:
    """The file is a list of records, or each of its lines is a list."""
    if first.endswith(b"\n"):
        while (following := stream.readline(_CHUNK_BYTES)).isspace():
            pass
        stream = _Replayed(following, stream)
        if following and _is_record(first, following):
            yield from _lines(_Replayed(first, stream), limit)
            return
    yield from list_items(_chunks(first, stream), limit)


def _is_record(first: bytes, following: bytes) -> bool:
    """Tell whether the first line, which begins a list, is a record of its own, be it torn."""
    if following.lstrip().startswith(b"["):
        return first.rstrip().endswith(b"]") or (first.startswith(b"[{") and _is_json(following))
    try:
        value = parse_json(first)
    except NotJsonError:
        return False
    return are_turns(value)


def _object_or_lines(first: bytes, stream: ByteStream, limit: int) -> Iterator[bytes | TooLong]:
    """The first line is no JSON: the file is one object over many lines, or that line is broken."""
    rest = stream.read(limit - len(first)) if len(first) < limit else b""
    if rest and _is_json(first + rest):
        yield (first + rest).strip()
        return
    if len(first) + len(rest) >= limit and _RESULTS.match(first + rest[:_HEAD_BYTES]):
        chunks = chain((first, rest), _chunks(b"", stream))
        yield from cut_member(chunks, name=b"simulations", kept=b"info", limit=limit)
        return
    yield from _lines(_Replayed(first + rest, stream), limit)


def _first_line(stream: ByteStream, limit: int) -> bytes | TooLong | None:
    """Give the first line that is not blank, with its end.

    A JSON list may be one long line, and so may a file of results: their beginning is enough.
    """
    start = True
    while line := stream.readline(_CHUNK_BYTES):
        text = line.removeprefix(_BOM) if start else line
        start = False
        is_long = len(line) >= _CHUNK_BYTES and not line.endswith(b"\n")
        if text.lstrip().startswith(b"[") or (is_long and _RESULTS.match(text)):
            return text.lstrip()
        if text.strip():
            whole = _whole_line(text, stream, limit)
            return whole if isinstance(whole, TooLong) else whole + b"\n"
    return None


class _Replayed:
    """A stream in front of which bytes that were already read are put back."""

    def __init__(self, head: bytes, stream: ByteStream) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        part, self._head = self._head[:size], self._head[size:]
        return part if len(part) == size else part + self._stream.read(size - len(part))

    def readline(self, limit: int, /) -> bytes:
        if not self._head:
            return self._stream.readline(limit)
        end = self._head.find(b"\n") + 1
        size = min(end or len(self._head), limit)
        line, self._head = self._head[:size], self._head[size:]
        if end or len(line) == limit:
            return line
        return line + self._stream.readline(limit - len(line))


def _lines(stream: ByteStream, limit: int) -> Iterator[bytes | TooLong]:
    while line := stream.readline(_CHUNK_BYTES):
        whole = _whole_line(line, stream, limit)
        if isinstance(whole, TooLong) or whole:
            yield whole


def _whole_line(beginning: bytes, stream: ByteStream, limit: int) -> bytes | TooLong:
    parts, size = [beginning], len(beginning)
    while not parts[-1].endswith(b"\n"):
        more = stream.readline(_CHUNK_BYTES)
        if not more:
            break
        size += len(more)
        if size <= limit:
            parts.append(more)
        else:
            parts[-1] = more
    return TooLong(limit) if size > limit else b"".join(parts).strip()


def _chunks(first: bytes, stream: ByteStream) -> Iterator[bytes]:
    yield first
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


def _is_json(text: bytes) -> bool:
    try:
        parse_json(text)
    except NotJsonError:
        return False
    return True
