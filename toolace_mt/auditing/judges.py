"""Processes that judge batches: fresh interpreters that import the judging, and nothing of the caller's."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread

from toolace_mt.auditing.batch import Batch, Judged, judge_batch

__all__ = ["AT_HOME", "JobsUnusableError", "Judges", "open_judges"]

AT_HOME = 4
"""So many batches take about as long as a process to start: 0.3 s."""
_REMEDY = "a process that judges records did not start, or ended: take one job"
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]);"
    "from toolace_mt.auditing.judge_process import serve; serve()"
)


class JobsUnusableError(Exception):
    """A process that judges could not start, or ended; the message says what to do."""


class _Judge:
    """One process, asked and waited for in a thread."""

    def __init__(self) -> None:
        folders = [folder or os.getcwd() for folder in sys.path]  # noqa: PTH109  # as text, for sys.path
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and code
            [sys.executable, "-P", "-c", _BOOT, json.dumps(folders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interruption from the keyboard is the parent's to deal with
        )

    def judge(self, batch: Batch) -> list[list[Judged]]:
        """Have a batch judged; raise JobsUnusableError if the process has ended."""
        given, told = self._process.stdin, self._process.stdout
        assert given is not None
        assert told is not None
        try:
            pickle.dump(batch, given, pickle.HIGHEST_PROTOCOL)
            given.flush()
            answer: Any = pickle.load(told)  # noqa: S301  # what our own code wrote
        except (OSError, EOFError, pickle.UnpicklingError):
            raise JobsUnusableError(_REMEDY) from None
        if isinstance(answer, Exception):
            raise answer
        judged: list[list[Judged]] = answer
        return judged

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was not sent is for nobody any more
                if pipe is not None:
                    pipe.close()


class Judges:
    """Judges here what comes first, and in so many processes what comes then; use ``open_judges``."""

    def __init__(self, jobs: int, at_home: int) -> None:
        self._jobs = jobs
        self._at_home = at_home
        self._here = anyio.CapacityLimiter(1)
        self._free = anyio.Semaphore(jobs)
        self._all: list[_Judge] = []
        self._idle: list[_Judge] = []

    def start(self) -> None:
        """Start all processes now, before there is anything for them.  Raise JobsUnusableError."""
        self._idle.extend(self._started() for _ in range(self._jobs))

    async def judge(self, batch: Batch) -> list[list[Judged]]:
        """Have a batch judged.  Raise JobsUnusableError if the process that judges it ended."""
        if self._at_home > 0:
            self._at_home -= 1
            return await anyio.to_thread.run_sync(judge_batch, batch, limiter=self._here)
        async with self._free:
            judge = self._idle.pop() if self._idle else self._started()
            try:
                return await anyio.to_thread.run_sync(judge.judge, batch, abandon_on_cancel=True)
            finally:
                self._idle.append(judge)

    def _started(self) -> _Judge:
        try:
            judge = _Judge()
        except OSError:
            raise JobsUnusableError(_REMEDY) from None
        self._all.append(judge)
        return judge

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
