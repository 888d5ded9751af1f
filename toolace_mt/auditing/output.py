"""The files that an audit leaves: written beside their final names, then renamed, so never half there."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import orjson

from toolace_mt.auditing.fixing import fix_record
from toolace_mt.auditing.json_bytes import json_bytes
from toolace_mt.auditing.report import AuditReport, LocatedFinding
from toolace_mt.formats import RawRecord
from toolace_mt.transcript import Place

__all__ = ["AuditFiles", "DirectoryInUseError", "audit_files"]

_NAMES = ("findings.jsonl", "clean.jsonl", "summary.json", "report.html")
_FIXED = ("fixed.jsonl", "fixes.jsonl")


class DirectoryInUseError(ValueError):
    """Another audit is writing to the directory; the message names it and says what to do."""


class AuditFiles:
    """Takes verdicts as they come; ``finish`` makes the files appear."""

    def __init__(self, directory: Path, streams: dict[str, IO[bytes]]) -> None:
        self._directory = directory
        self._streams = streams

    def add_finding(self, found: LocatedFinding) -> None:
        """Write a finding."""
        self._streams["findings.jsonl"].write(json_bytes(found.as_json()) + b"\n")

    def add_clean(self, text: bytes) -> None:
        """Write the text of a record without errors, as it stood in the file."""
        self._streams["clean.jsonl"].write(_one_line(text) + b"\n")

    def add_fixed(self, place: Place, raw: RawRecord) -> None:
        """Write the record with its corrections, and their log, if that was asked for."""
        if "fixed.jsonl" not in self._streams:
            return
        text, changes = fix_record(raw)
        if text:
            self._streams["fixed.jsonl"].write((text if raw.reason else _one_line(text)) + b"\n")
        for change in changes:
            line = json_bytes(change.as_json(place.file, place.record))
            self._streams["fixes.jsonl"].write(line + b"\n")

    def finish(self, report: AuditReport, page: str) -> None:
        """Write the summary and the page, and put all files in place."""
        self._streams["report.html"].write(page.encode("utf-8", "replace"))
        self._streams["summary.json"].write(json_bytes(report.summary(), indent=True) + b"\n")
        for name, stream in self._streams.items():
            stream.flush()
            os.fsync(stream.fileno())
            _beside(self._directory / name).replace(self._directory / name)


@contextmanager
def audit_files(directory: Path, *, fix: bool = False) -> Iterator[AuditFiles]:
    """Open the files of an audit in a directory (made if need be); without ``finish`` nothing is left.

    Raise DirectoryInUseError while another audit has the directory.
    """
    names = (*_NAMES, *_FIXED) if fix else _NAMES
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_claimed(directory))
        for name in names:
            for left in directory.glob(f".{name}.*.part"):  # of an audit that was killed
                _remove(left)
            stack.callback(_remove, _beside(directory / name))
        streams: dict[str, IO[bytes]] = {
            name: stack.enter_context(_beside(directory / name).open("wb")) for name in names
        }
        yield AuditFiles(directory, streams)


@contextmanager
def _claimed(directory: Path) -> Iterator[None]:
    """Have the directory for this audit alone; the lock is on itself, leaves no file, and ends with us."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DirectoryInUseError(
                f"another audit is writing to {directory}: wait for it, or choose another --out"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _one_line(text: bytes) -> bytes:
    """Give the record's own bytes; an item that was written over several lines is put on one."""
    if b"\n" not in text and b"\r" not in text:
        return text
    try:
        return orjson.dumps(orjson.loads(text))
    except orjson.JSONDecodeError:
        return text.replace(b"\n", b" ").replace(b"\r", b" ")
