"""Containers that need an optional library: zstd, Parquet, and tables saved by ``datasets``."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from toolace_mt.formats.base import UnreadableFileError
from toolace_mt.formats.raw import ByteStream, Consumed, RawRecord

__all__ = ["TABLES", "table_records", "unpacked_zstd"]

TABLES = (".parquet", ".arrow")
_ROWS_AT_A_TIME = 256
_BUFFER_BYTES = 1024 * 1024
_PACKED_BYTES = 1024
"""Little at a time: a packed bomb may hold ten thousand times as much."""
_WINDOW_BYTES = 2**27


@contextmanager
def unpacked_zstd(stream: ByteStream, name: str) -> Iterator[ByteStream]:
    """Open a zstd stream, whose reading raises EOFError where the file is torn; raise UnreadableFileError if
    the library is missing."""
    with io.BufferedReader(_Unpacking(stream, _library("zstandard", name, "zstd")), _BUFFER_BYTES) as reader:
        yield reader


class _Unpacking(io.RawIOBase):
    """Unpacks frame after frame; the library's own reader takes a torn file for a short one."""

    def __init__(self, stream: ByteStream, zstandard: Any) -> None:
        super().__init__()
        self._stream = stream
        self._zstandard = zstandard
        self._frame: Any = None
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            packed = self._stream.read(_PACKED_BYTES)
            if not packed:
                if self._frame is not None:
                    raise EOFError("it ends in the midst of a frame")
                return 0
            self._left = memoryview(self._unpacked(packed))
        part, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _unpacked(self, packed: bytes) -> bytes:
        parts: list[bytes] = []
        try:
            while packed:
                if self._frame is None:
                    self._frame = self._zstandard.ZstdDecompressor(
                        max_window_size=_WINDOW_BYTES
                    ).decompressobj()
                parts.append(self._frame.decompress(packed))
                packed = self._frame.unused_data if self._frame.eof else b""
                self._frame = None if self._frame.eof else self._frame
        except self._zstandard.ZstdError as error:
            raise EOFError(str(error)) from None
        return b"".join(parts)


def table_records(path: Path, limit: int, consumed: Consumed) -> Iterator[RawRecord]:
    """Give the rows of a Parquet or Arrow file as JSON objects, some at a time; a file that is broken ends in
    a record that says so."""
    pyarrow = _library("pyarrow", str(path), "parquet")
    number = 0
    try:
        for rows in _batches(path, pyarrow, consumed):
            for row in rows:
                text = orjson.dumps(_without_nulls(row), default=_plain)
                reason = f"the record is longer than {limit} bytes" if len(text) > limit else None
                yield RawRecord(number=number, text=b"" if reason else text, reason=reason)
                number += 1
    except (OSError, pyarrow.ArrowException) as error:
        told = str(error).splitlines()[0]
        if isinstance(error, OSError) and error.errno is not None:
            raise UnreadableFileError(f"cannot read {path}: {told}") from None
        yield RawRecord(number=number, text=b"", reason=f"the table is broken here: {told}")


def _batches(path: Path, pyarrow: Any, consumed: Consumed) -> Iterator[list[dict[str, Any]]]:
    """Where in the file a row of Parquet stands is only known roughly: rows are taken as equally long."""
    size = path.stat().st_size
    if path.suffix == ".parquet":
        parquet = importlib.import_module("pyarrow.parquet")
        with parquet.ParquetFile(path) as table:
            rows = 0
            for batch in table.iter_batches(batch_size=_ROWS_AT_A_TIME):
                rows += batch.num_rows
                consumed.bytes = size * rows // max(1, table.metadata.num_rows)
                yield batch.to_pylist()
        return
    ipc = importlib.import_module("pyarrow.ipc")
    with pyarrow.memory_map(str(path)) as source, ipc.open_stream(source) as reader:
        for batch in reader:
            consumed.bytes = source.tell()
            for start in range(0, batch.num_rows, _ROWS_AT_A_TIME):
                yield batch.slice(start, _ROWS_AT_A_TIME).to_pylist()


def _without_nulls(value: Any) -> Any:
    """A table gives every row every member: the absent ones come as null, and are left out again."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _plain(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _library(name: str, wanted_by: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UnreadableFileError(
            f"{wanted_by} needs the package {name}; install it with: pip install 'toolace-mt[{extra}]'"
        ) from None
