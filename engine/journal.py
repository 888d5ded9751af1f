"""The journal that makes runs durable: what it acknowledges has reached the disk.

One SQLite file in WAL mode with one writer.  Writers that wait at the same moment share one commit, and
where several do, each commit waits a moment for more.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from engine.errors import JournalError
from engine.journal_files import close_writer, connect_reader, connect_writer, journal_errors, locked
from engine.journal_reader import JobRecord, JournalReader, PurposeTotal
from engine.types import ChatReply

__all__ = ["Journal", "open_journal"]

_STORE_REPLY = "INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_STORE_JOB = "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)"
_STORE_META = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
_STORE_EVENT = "INSERT INTO events (kind, at, detail) VALUES (?, ?, ?)"

# On a fast disk a commit, with its way to the worker thread and back, costs the processor as much as ten
# rows; in this time a busy run gathers about as many.  A reply takes a model many times longer.
_GATHERING_SECONDS: Final = 0.005

_Row = tuple[str, tuple[str | int | float, ...]]


@asynccontextmanager
async def open_journal(path: Path, *, create: bool = True) -> AsyncGenerator[Journal, None]:
    """Open ``path`` (a run's ``run.sqlite``) as its only writer, until the block ends.

    ``create`` makes a journal that is missing; without it a missing one is an error.  Raises ``JournalError``
    when another process writes there, the file is damaged or not a journal, or the disk does not let it.
    """
    with locked(path):
        writer = await anyio.to_thread.run_sync(partial(connect_writer, path, create=create))
        try:
            reader = JournalReader(path, connect_reader(path))
            try:
                journal = Journal(path, writer, reader)
                try:
                    yield journal
                finally:
                    journal.flush()
            finally:
                reader.close()
        finally:
            close_writer(writer)


class _Entry:
    """One row on its way to the disk.  It is still written when its waiter has gone."""

    __slots__ = ("has_waiter", "leads", "row", "woken", "written")

    def __init__(self, row: _Row) -> None:
        self.row = row
        self.woken = anyio.Event()
        self.has_waiter = True
        self.written = False
        self.leads = False


class Journal:
    """An open journal.  The ``store`` and ``set`` methods return once the row is on the disk.

    After a write has failed the journal stays broken: every later write raises the same ``JournalError``.
    """

    def __init__(self, path: Path, writer: sqlite3.Connection, reader: JournalReader) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._pending: list[_Entry] = []
        self._notes: list[_Row] = []
        self._writing = False
        self._is_busy = False
        self._broken: JournalError | None = None
        self._limiter = anyio.CapacityLimiter(1)

    @staticmethod
    def read_only(path: Path) -> JournalReader:
        """Open a running, finished or killed run's journal for reading; close it by ``with``."""
        return JournalReader.open(path)

    def reply(self, digest: str) -> ChatReply | None:
        return self._reader.reply(digest)

    def job(self, key: str) -> JobRecord | None:
        return self._reader.job(key)

    def jobs(self) -> Iterator[JobRecord]:
        return self._reader.jobs()

    def job_counts(self) -> Mapping[str, int]:
        return self._reader.job_counts()

    def meta(self, key: str) -> str | None:
        return self._reader.meta(key)

    def totals(self) -> Mapping[str, PurposeTotal]:
        return self._reader.totals()

    async def store_reply(self, digest: str, purpose: str, reply: ChatReply) -> None:
        """Make a reply durable; a digest that is stored already keeps its first reply."""
        usage = reply.usage
        await self._store(
            _STORE_REPLY,
            digest,
            purpose,
            reply.model,
            reply.text,
            reply.finish_reason,
            usage.prompt_tokens,
            usage.completion_tokens,
            int(usage.estimated),
        )

    async def store_job(self, key: str, status: str, outcome: str) -> None:
        """Make a job's end durable; ``outcome`` is opaque JSON text."""
        await self._store(_STORE_JOB, key, status, outcome)

    async def set_meta(self, key: str, value: str) -> None:
        await self._store(_STORE_META, key, value)

    def note_event(self, kind: str, detail: str) -> None:
        """Write an event with the next commit; it waits for nothing and a crash may lose it."""
        self._notes.append((_STORE_EVENT, (kind, time.time(), detail)))

    def flush(self) -> None:
        """Write at once what still waits to be written."""
        _, rows = self._take_pending()
        if rows and self._broken is None:
            self._insert(rows)
            self._commit()

    async def _store(self, statement: str, *values: str | int) -> None:
        if self._broken is not None:
            raise self._broken
        entry = _Entry((statement, values))
        self._pending.append(entry)
        if self._writing:
            await self._follow(entry)
        if not entry.written and self._is_busy:
            await self._gather(entry)
        if not entry.written:
            await self._lead()
        if self._broken is not None:
            raise self._broken

    async def _follow(self, entry: _Entry) -> None:
        """Wait until another has written this entry, or has passed the lead to it."""
        try:
            await entry.woken.wait()
        except BaseException:
            entry.has_waiter = False
            if entry.leads:
                self._pass_the_lead()
            raise

    async def _gather(self, entry: _Entry) -> None:
        """Hold the lead for a moment, so that others may come."""
        self._writing = True
        try:
            await anyio.sleep(_GATHERING_SECONDS)
        except BaseException:
            entry.has_waiter = False
            self._pass_the_lead()
            raise

    async def _lead(self) -> None:
        """Write all that is pending, in one commit, then let the first who came meanwhile lead."""
        self._writing = True
        batch, rows = self._take_pending()
        self._is_busy = len(batch) > 1
        try:
            self._insert(rows)
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._commit, limiter=self._limiter)
        except JournalError as error:
            self._broken = error
        finally:
            for entry in batch:
                entry.written = True
                entry.woken.set()
            self._pass_the_lead()

    def _pass_the_lead(self) -> None:
        heir = next((entry for entry in self._pending if entry.has_waiter), None)
        self._writing = heir is not None
        if heir is not None:
            heir.leads = True
            heir.woken.set()

    def _take_pending(self) -> tuple[list[_Entry], list[_Row]]:
        batch, self._pending = self._pending, []
        notes, self._notes = self._notes, []
        return batch, [*(entry.row for entry in batch), *notes]

    def _insert(self, rows: list[_Row]) -> None:
        """Put the rows into an open transaction.

        Not in the worker thread: there every statement would wait for the interpreter's lock.
        """
        with self._rolled_back_on_error():
            self._writer.execute("BEGIN IMMEDIATE")
            for statement, values in rows:
                self._writer.execute(statement, values)

    def _commit(self) -> None:
        """Bring the transaction to the disk; slow, so it runs in a worker thread, one at a time."""
        with self._rolled_back_on_error():
            self._writer.execute("COMMIT")

    @contextmanager
    def _rolled_back_on_error(self) -> Iterator[None]:
        with journal_errors(self.path, "write"):
            try:
                yield
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
