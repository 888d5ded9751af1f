"""Opening a journal's file: one writer at a time, and every way it can be wrong said in one line."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from engine.errors import JournalError

__all__ = ["close_writer", "connect_reader", "connect_writer", "journal_errors", "locked", "writer_of"]

_APPLICATION_ID = 0x54414D54  # "TAMT", so that another program's database is not taken for a journal
_VERSION = 1

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replies (
    digest TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    model TEXT NOT NULL,
    text TEXT NOT NULL,
    finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    estimated INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS jobs (
    key TEXT PRIMARY KEY, status TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, at REAL NOT NULL, detail TEXT NOT NULL
);
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
COMMIT;
"""


@contextmanager
def journal_errors(path: Path, doing: str) -> Iterator[None]:
    """Turn what SQLite and the system say into one ``JournalError`` with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(_explain(path, doing, error)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise JournalError(f"cannot {doing} the journal {path}: {reason}: choose another folder") from error


def _explain(path: Path, doing: str, error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return f"no space is left for the journal {path}: free some and resume"
    if name.startswith("SQLITE_READONLY"):
        return f"the journal {path} cannot be written: make its folder writable, or choose another"
    if name.startswith("SQLITE_CANTOPEN"):
        return f"the journal {path} cannot be opened: check that its folder exists and can be written"
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return f"{path} is damaged or is not a journal ({error}): move it away or choose another folder"
    if name.startswith("SQLITE_IOERR"):
        return f"the disk does not take the journal {path} ({error}): check its space and limits and resume"
    if name.startswith("SQLITE_BUSY"):
        return f"the journal {path} is in use by another program: stop that one first"
    return f"cannot {doing} the journal {path}: {error}"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only writer of this journal while the block runs.

    The lock dies with the process, so a killed run never has to be unlocked by hand.
    """
    beside = _lock_of(path)
    with journal_errors(path, "lock"):
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "?"
            raise JournalError(
                f"a run is already writing to {path.parent} (process {holder}): wait for it or stop it"
            ) from None
        with journal_errors(path, "lock"):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def writer_of(path: Path) -> int | None:
    """Give the process that writes this journal now, or None; takes no lock, not even for a moment.

    Where the kernel lists its locks it is asked; elsewhere the process named in the lock file must live.
    """
    try:
        beside = _lock_of(path).stat()
        process = int(_lock_of(path).read_text("ascii"))
    except (OSError, ValueError):
        return None
    try:
        held = Path("/proc/locks").read_text("ascii")
    except OSError:
        return process if _lives(process) else None
    return process if re.search(rf"FLOCK .*:{beside.st_ino} ", held) else None


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and is somebody else's
        return True
    return True


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def connect_writer(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open for writing.  ``synchronous=FULL``: a commit has reached the disk before it returns."""
    if not create and not path.exists():
        raise JournalError(f"there is no journal {path}: check the folder, or start a new run")
    with journal_errors(path, "open"):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            _prepare(path, connection)
        except BaseException:
            connection.close()
            raise
    return connection


def close_writer(connection: sqlite3.Connection) -> None:
    """Close, and leave one file that can be read without making others beside it."""
    with closing(connection), suppress(sqlite3.Error):  # another reader is there, or the disk is full
        connection.execute("PRAGMA journal_mode = DELETE")


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open for reading only: beside a running writer, after a crash, and on a read-only disk."""
    if not path.exists():
        raise JournalError(f"there is no journal {path}: check the folder")
    with journal_errors(path, "open"):
        try:
            connection = _open_read_only(path, "mode=ro")
        except sqlite3.OperationalError:
            if _has_unsaved_log(path):
                raise
            connection = _open_read_only(path, "immutable=1")  # a read-only disk: nobody can be writing
    try:
        with journal_errors(path, "read"):
            _check_identity(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _open_read_only(path: Path, option: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{option}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=10,
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _has_unsaved_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not empty:
        _check_identity(path, connection)
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            told = " ".join(verdict.split())
            raise JournalError(
                f"the journal {path} is damaged ({told}): move it away or choose another folder"
            )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if empty:
        connection.executescript(_SCHEMA)


def _check_identity(path: Path, connection: sqlite3.Connection) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != _APPLICATION_ID:
        raise JournalError(f"{path} is a database of another program: choose another folder")
    if version != _VERSION:
        raise JournalError(
            f"the journal {path} has format {version}, this program reads {_VERSION}: "
            "use the program's version that wrote it"
        )
