"""The verdicts of an audit as they are reached, in a file beside the report: a stopped audit can go on.

The journal holds one frame for each batch: its length, its digest, its content.  A frame cut off by a
kill is left out when the journal is read.  An audit that reaches its end removes its journal.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, Any

import xxhash

from toolace_mt.auditing.batch import Judged
from toolace_mt.auditing.report import Verdict

__all__ = ["JOURNAL", "AuditJournal", "NotResumableError", "Reached", "audit_journal"]

JOURNAL = ".audit.journal"
_HEAD = struct.Struct("<I16s")
_FRAME_BYTES = 2**31
_OWN = "toolace_mt."
_PLAIN = frozenset({("collections", "Counter"), ("builtins", "frozenset"), ("builtins", "set")})


class NotResumableError(ValueError):
    """There is no stopped audit of these files with these settings; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What was found out about the records of one batch."""

    judged: list[list[Judged]]
    verdicts: list[list[Verdict]]


class AuditJournal:
    """Gives back what was reached before, and takes what is reached now."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path
        self.holds_something = False

    def earlier(self) -> Iterator[Reached]:
        """Give the batches of the stopped audit in order; what comes after them is written over."""
        end = self._file.tell()
        while (frame := _next_frame(self._file)) is not None:
            end = self._file.tell()
            self.holds_something = True
            yield _Reader(io.BytesIO(frame)).load()
        self._file.seek(end)
        self._file.truncate()

    def add(self, judged: Sequence[Sequence[Judged]], verdicts: list[list[Verdict]]) -> None:
        """Keep a batch, without the transcripts that nobody will ask for again."""
        self.holds_something = True
        kept = [
            [
                part._replace(pairing=None)
                if verdict.findings
                else part._replace(transcript=None, pairing=None, shown=None)
                for part, verdict in zip(record, found, strict=True)
            ]
            for record, found in zip(judged, verdicts, strict=True)
        ]
        _write_frame(self._file, pickle.dumps(Reached(judged=kept, verdicts=verdicts)))

    def remove(self) -> None:
        """End the journal: there is nothing left to go on with."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()


@contextmanager
def audit_journal(directory: Path, identity: str, *, resume: bool) -> Iterator[AuditJournal]:
    """Open the journal of a directory; ``identity`` tells what is audited and how.

    Raise NotResumableError if ``resume`` is asked for and the journal there is none of this audit.
    """
    path = directory / JOURNAL
    if resume and not path.is_file():
        raise NotResumableError(f"no stopped audit in {directory}; leave out --resume to start one")
    directory.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if resume else "w+b") as file:
        if not resume:
            _write_frame(file, identity.encode())
        elif _next_frame(file) != identity.encode():
            raise NotResumableError(
                f"the stopped audit in {directory} was of other files or settings;"
                " leave out --resume to start anew"
            )
        journal = AuditJournal(file, path)
        try:
            yield journal
        except BaseException:
            if not journal.holds_something:
                journal.remove()
            raise


class _Reader(pickle.Unpickler):
    """Makes nothing but values of this program and plain containers: a journal is data, not code."""

    def find_class(self, module: str, name: str, /) -> Any:
        found = super().find_class(module, name) if module.startswith(_OWN) else None
        if isinstance(found, type) or (module, name) in _PLAIN:
            return super().find_class(module, name)
        if (module, name) == ("builtins", "getattr"):
            return _member
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a journal")


def _member(kind: object, name: str) -> Enum:
    """Stand in for ``getattr``, by which some releases of Python 3.11 write the members of an enumeration."""
    found = kind.__members__.get(name) if isinstance(kind, type) and issubclass(kind, Enum) else None
    if found is None:
        raise pickle.UnpicklingError(f"{kind!r} has no member {name!r}")
    return found


def _write_frame(file: IO[bytes], content: bytes) -> None:
    file.write(_HEAD.pack(len(content), xxhash.xxh3_128_digest(content)) + content)
    file.flush()


def _next_frame(file: IO[bytes]) -> bytes | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, digest = _HEAD.unpack(head)
    content = file.read(min(length, _FRAME_BYTES))
    return content if xxhash.xxh3_128_digest(content) == digest else None
