"""Reading a journal: the replies, the jobs' outcomes and the totals of a run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.journal_files import connect_reader, journal_errors
from engine.types import ChatReply, Usage

__all__ = ["JobRecord", "JournalReader", "PurposeTotal", "RecordedEvent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """How a job ended.  ``outcome`` is the caller's own JSON text."""

    key: str
    status: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeTotal:
    """What the replies of one purpose cost."""

    requests: int
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """Something noted during the run; ``at`` is seconds since 1970, ``detail`` JSON text."""

    kind: str
    at: float
    detail: str


class JournalReader:
    """A journal opened for reading; sees what is committed.  Raises ``JournalError``."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        return cls(path, connect_reader(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def reply(self, digest: str) -> ChatReply | None:
        """Give the stored reply to a request, or None."""
        row = self._one(
            "SELECT text, model, finish_reason, prompt_tokens, completion_tokens, estimated "
            "FROM replies WHERE digest = ?",
            digest,
        )
        if row is None:
            return None
        text, model, finish_reason, prompt_tokens, completion_tokens, estimated = row
        return ChatReply(
            text=text,
            model=model,
            finish_reason=finish_reason,
            usage=Usage(
                prompt_tokens=prompt_tokens,
                completion_tokens=completion_tokens,
                estimated=bool(estimated),
            ),
        )

    def has_replies(self) -> bool:
        return self._one("SELECT 1 FROM replies LIMIT 1") is not None

    def job(self, key: str) -> JobRecord | None:
        """Give how a job ended, or None when it has not."""
        row = self._one("SELECT status, outcome FROM jobs WHERE key = ?", key)
        return None if row is None else JobRecord(key=key, status=row[0], outcome=row[1])

    def jobs(self) -> Iterator[JobRecord]:
        """Give all ended jobs in the order of their keys, in memory that does not grow with their number."""
        last = ""
        while True:
            rows = self._all(
                "SELECT key, status, outcome FROM jobs WHERE key > ? ORDER BY key LIMIT 256", last
            )
            if not rows:
                return
            for key, status, outcome in rows:
                yield JobRecord(key=key, status=status, outcome=outcome)
            last = rows[-1][0]

    def job_counts(self) -> Mapping[str, int]:
        """Count the ended jobs by status."""
        return dict(self._all("SELECT status, count(*) FROM jobs GROUP BY status ORDER BY status"))

    def job_counts_by(self, field: str) -> Mapping[tuple[str, str | None], int]:
        """Count the ended jobs by status and by one field of their outcomes' JSON."""
        rows = self._all(
            "SELECT status, json_extract(outcome, ?), count(*) FROM jobs GROUP BY 1, 2 ORDER BY 1, 2",
            f"$.{field}",
        )
        return {(status, value): count for status, value, count in rows}

    def meta(self, key: str) -> str | None:
        row = self._one("SELECT value FROM meta WHERE key = ?", key)
        return None if row is None else str(row[0])

    def totals(self) -> Mapping[str, PurposeTotal]:
        """Sum the stored replies' usage by purpose."""
        rows = self._all(
            "SELECT purpose, count(*), sum(prompt_tokens), sum(completion_tokens), max(estimated) "
            "FROM replies GROUP BY purpose ORDER BY purpose"
        )
        return {
            purpose: PurposeTotal(
                requests=requests,
                usage=Usage(
                    prompt_tokens=prompt_tokens,
                    completion_tokens=completion_tokens,
                    estimated=bool(estimated),
                ),
            )
            for purpose, requests, prompt_tokens, completion_tokens, estimated in rows
        }

    def events(self) -> Iterator[RecordedEvent]:
        """Give the recorded events in the order in which they happened."""
        last = 0
        while True:
            rows = self._all(
                "SELECT id, kind, at, detail FROM events WHERE id > ? ORDER BY id LIMIT 256", last
            )
            if not rows:
                return
            for _, kind, at, detail in rows:
                yield RecordedEvent(kind=kind, at=at, detail=detail)
            last = rows[-1][0]

    def last_event(self, kind: str) -> RecordedEvent | None:
        """Give the last recorded event of a kind."""
        row = self._one("SELECT at, detail FROM events WHERE kind = ? ORDER BY id DESC LIMIT 1", kind)
        return None if row is None else RecordedEvent(kind=kind, at=row[0], detail=row[1])

    def _one(self, query: str, *values: str | int) -> tuple[Any, ...] | None:
        rows = self._all(query, *values)
        return rows[0] if rows else None

    def _all(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        with journal_errors(self.path, "read"):
            return self._connection.execute(query, values).fetchall()
