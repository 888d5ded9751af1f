"""The findings of an audit, in memory as long as they are few and on disk from then on."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from typing import IO

import orjson

from toolace_mt.auditing.json_bytes import json_bytes
from toolace_mt.auditing.report import LocatedFinding
from toolace_mt.findings import Finding, Severity
from toolace_mt.transcript import Place

__all__ = ["FindingLog"]

_KEPT_IN_MEMORY = 20_000


class FindingLog:
    """Grows at its end and can be gone through any number of times, in order."""

    def __init__(self, *, in_memory: int = _KEPT_IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._first: list[LocatedFinding] = []
        self._rest: IO[bytes] | None = None
        self._length = 0

    def add(self, found: LocatedFinding) -> None:
        self._length += 1
        if len(self._first) < self._in_memory:
            self._first.append(found)
            return
        if self._rest is None:
            self._rest = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the log
            weakref.finalize(self, self._rest.close)
        self._rest.write(json_bytes(found.as_json()) + b"\n")

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return self._length > 0

    def __getitem__(self, index: int) -> LocatedFinding:
        if 0 <= index < len(self._first):
            return self._first[index]
        place = index if index >= 0 else self._length + index
        for number, found in enumerate(self):
            if number == place:
                return found
        raise IndexError(index)

    def __iter__(self) -> Iterator[LocatedFinding]:
        yield from self._first
        if self._rest is None:
            return
        self._rest.flush()
        self._rest.seek(0)
        for line in self._rest:
            yield _read(line)
        self._rest.seek(0, 2)


def _read(line: bytes) -> LocatedFinding:
    entry = orjson.loads(line)
    return LocatedFinding(
        place=Place(file=entry["file"], record=entry["record"]),
        dialogue=entry["dialogue"],
        severity=Severity(entry["severity"]),
        tool=entry["tool"],
        content=entry["content"],
        finding=Finding(
            rule=entry["rule"],
            message=entry["message"],
            turn=entry["turn"],
            call=entry["call"],
            path=entry["path"],
        ),
    )
