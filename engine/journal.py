"""The journal that makes runs durable: what it acknowledges has reached the disk.

One SQLite file in WAL mode with one writer.  Writers that wait at the same moment share one commit, and
where several do, each commit waits a moment for more.
"""

from __future__ import annotations

import sqlite3
import threading
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
from engine.seen import SeenDigests
from engine.types import ChatReply

__all__ = ["Journal", "open_journal"]

_STORE_REPLY = "INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_STORE_JOB = "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)"
_STORE_META = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
_STORE_EVENT = "INSERT INTO events (kind, at, detail) VALUES (?, ?, ?)"

# On a fast disk a commit, with its way to the worker thread and back, costs the processor as much as ten
# rows; in this time a busy run gathers twice as many.  A reply takes a model many times longer.
_GATHERING_SECONDS: Final = 0.010

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


class _Batch:
    """Rows that go to the disk together.  They are written also when those who brought them have gone.

    ``news`` is set when the batch has been written, or when its leader has left it to the others.
    """

    __slots__ = ("has_leader", "is_written", "news", "rows")

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self.news = anyio.Event()
        self.has_leader = False
        self.is_written = False


class Journal:
    """An open journal.  The ``store`` and ``set`` methods return once the row is on the disk.

    After a write has failed the journal stays broken: every later write raises the same ``JournalError``.
    """

    def __init__(self, path: Path, writer: sqlite3.Connection, reader: JournalReader) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        # None when an earlier session stored replies: then every digest is looked up.
        self._seen = None if reader.has_replies() else SeenDigests()
        self._open = _Batch()
        self._being_written: _Batch | None = None
        self._notes: list[_Row] = []
        self._is_busy = False
        self._broken: JournalError | None = None
        self._limiter = anyio.CapacityLimiter(1)
        self._committing = threading.Lock()

    @staticmethod
    def read_only(path: Path) -> JournalReader:
        """Open a running, finished or killed run's journal for reading; close it by ``with``."""
        return JournalReader.open(path)

    def reply(self, digest: str) -> ChatReply | None:
        if self._seen is not None and not self._seen.may_hold(digest):
            return None
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
        if self._seen is not None:
            self._seen.add(digest)
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
        rows = [*self._open.rows, *self._notes]
        self._open, self._notes = _Batch(), []
        if rows and self._broken is None:
            self._insert(rows)
            self._commit()

    async def _store(self, statement: str, *values: str | int) -> None:
        if self._broken is not None:
            raise self._broken
        batch = self._open
        batch.rows.append((statement, values))
        while not batch.is_written:
            if batch.has_leader:
                await batch.news.wait()
            else:
                await self._lead(batch)
        if self._broken is not None:
            raise self._broken

    async def _lead(self, batch: _Batch) -> None:
        """Wait until the batch before is on the disk, in a busy run a moment longer, and write this one."""
        batch.has_leader = True
        try:
            while self._being_written is not None:
                await self._being_written.news.wait()
            if self._is_busy:
                await anyio.sleep(_GATHERING_SECONDS)
            await self._write(batch)
        finally:
            if not batch.is_written:
                batch.has_leader = False
                left, batch.news = batch.news, anyio.Event()
                left.set()

    async def _write(self, batch: _Batch) -> None:
        """Close the batch and write it in one commit; what comes meanwhile is for the next."""
        self._open, self._being_written = _Batch(), batch
        notes, self._notes = self._notes, []
        self._is_busy = len(batch.rows) > 1
        try:
            if self._broken is None:
                self._insert([*batch.rows, *notes])
                await self._bring_to_disk()
        except JournalError as error:
            self._broken = error
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException:
            self._broken = JournalError(f"the journal {self.path} was not written: resume")
            raise
        finally:
            self._being_written = None
            batch.is_written = True
            batch.news.set()

    def _insert(self, rows: list[_Row]) -> None:
        """Put the rows into an open transaction.

        Not in the worker thread: there every statement would wait for the interpreter's lock.
        """
        with self._rolled_back_on_error():
            self._writer.execute("BEGIN IMMEDIATE")
            for statement, values in rows:
                self._writer.execute(statement, values)

    async def _bring_to_disk(self) -> None:
        """Commit in a worker thread, for it is slow; whoever cancels, it is done when this ends."""
        try:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._commit, limiter=self._limiter)
        except anyio.get_cancelled_exc_class():  # asyncio's Ctrl-C and timeouts know no shields
            self._commit()
            raise

    def _commit(self) -> None:
        """Commit unless that was done."""
        with self._committing, self._rolled_back_on_error():
            if self._writer.in_transaction:
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
