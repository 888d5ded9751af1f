"""Processes that judge batches: fresh interpreters that import the judging, and nothing of the caller's."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Any

import anyio
import anyio.to_thread

from toolace_mt.auditing.batch import Batch, Judged
from toolace_mt.auditing.home_judge import HomeJudge

__all__ = ["AT_HOME", "JobsUnusableError", "Judges", "open_judges"]

AT_HOME = 4
"""So many batches take about as long as a process to start: 0.3 s."""
_AT_ONE = 2
"""So many batches are with a process: one that it judges and one that waits in its pipe."""
_PIPE_BYTES = 1024 * 1024
_REMEDY = "a process that judges records did not start, or ended: take one job"
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]);"
    "from toolace_mt.auditing.judge_process import serve; serve()"
)


class JobsUnusableError(Exception):
    """A process that judges could not start, or ended; the message says what to do."""


class _Judge:
    """One process, asked and waited for in threads: in one more than it can serve, so that it finds the next
    batch in its pipe when it is done with one."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._hearing = threading.Condition()
        self._asked = self._heard = 0
        folders = [folder or os.getcwd() for folder in sys.path]  # noqa: PTH109  # as text, for sys.path
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and code
            [sys.executable, "-P", "-c", _BOOT, json.dumps(folders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interruption from the keyboard is the parent's to deal with
        )
        assert self._process.stdin is not None
        _widen(self._process.stdin)

    def judge(self, batch: Batch) -> list[list[Judged]]:
        """Have a batch judged; raise JobsUnusableError if the process has ended."""
        try:
            answer = self._hear(self._ask(batch))
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            raise JobsUnusableError(_REMEDY) from None
        if isinstance(answer, Exception):
            raise answer
        judged: list[list[Judged]] = answer
        return judged

    def _ask(self, batch: Batch) -> int:
        """Send a batch; give the number of its answer."""
        given = self._process.stdin
        assert given is not None
        with self._asking:
            number = self._asked
            pickle.dump(batch, given, pickle.HIGHEST_PROTOCOL)
            given.flush()
            self._asked += 1
        return number

    def _hear(self, number: int) -> Any:
        """Wait for the answer of this number: they come in the order of the batches."""
        told = self._process.stdout
        assert told is not None
        with self._hearing:
            self._hearing.wait_for(lambda: self._heard == number)
            try:
                return pickle.load(told)  # noqa: S301  # what our own code wrote
            finally:
                self._heard += 1
                self._hearing.notify_all()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was not sent is for nobody any more
                if pipe is not None:
                    pipe.close()


def _widen(pipe: IO[bytes]) -> None:
    """Have the pipe hold a batch, so that sending one need not wait for its reader (Linux only)."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # there is a limit for all of a user's pipes
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class Judges:
    """Judges here what comes first, and in so many processes what comes then; use ``open_judges``."""

    def __init__(self, jobs: int, at_home: int) -> None:
        self._jobs = jobs
        self._at_home = at_home
        self._here = HomeJudge()
        self._free = anyio.Semaphore(jobs * _AT_ONE)
        self._all: list[_Judge] = []
        self._idle: list[_Judge] = []

    def start(self) -> None:
        """Start all processes now, before there is anything for them.  Raise JobsUnusableError."""
        try:
            while len(self._all) < self._jobs:
                self._all.append(_Judge())
        except OSError:
            raise JobsUnusableError(_REMEDY) from None
        self._idle = self._all * _AT_ONE

    async def judge(self, batch: Batch) -> list[list[Judged]]:
        """Have a batch judged.  Raise JobsUnusableError if the process that judges it ended."""
        if self._at_home > 0:
            self._at_home -= 1
            return await self._here.judge(batch)
        if not self._all:
            self.start()
        async with self._free:
            judge = max(self._idle, key=self._idle.count)
            self._idle.remove(judge)
            try:
                return await anyio.to_thread.run_sync(judge.judge, batch, abandon_on_cancel=True)
            finally:
                self._idle.append(judge)

    def end(self) -> None:
        """End all processes, whatever they are doing."""
        for judge in self._all:
            judge.end()


@asynccontextmanager
async def open_judges(jobs: int, *, at_home: int = AT_HOME) -> AsyncIterator[Judges]:
    """Lend the judges, and end their processes on the way out.

    The first ``at_home`` batches are judged by this process, while the others start; where no more come, none
    does.
    """
    judges = Judges(jobs, at_home)
    try:
        yield judges
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(judges.end)
