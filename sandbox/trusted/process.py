"""Worker processes of a trusted environment: this user's rights and packages, but never the parent."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from sandbox.errors import EnvironmentUnusable
from sandbox.workers.channel import receive, send
from sandbox.workers.deaths import WorkerDeath, WorkerDied
from sandbox.workers.frames import FrameError, encode

__all__ = ["TrustedPool", "TrustedWorker", "open_trusted_pool"]

T = TypeVar("T")
OPEN_SECONDS = 120.0
MEMORY_BYTES = 8 << 30
BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]);"
    "from sandbox.trusted.worker import start; start()"
)


class TrustedWorker:
    """One process in which the environment is open."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel

    async def ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a message and wait for its answer.  Raises ``WorkerDied``."""
        answer: Any = None
        try:
            with anyio.fail_after(seconds):
                await send(self._channel, encode(message))
                answer = await receive(self._channel)
            if not isinstance(answer, dict):
                raise FrameError("a worker answered with no object")
        except TimeoutError:
            raise WorkerDied(WorkerDeath.LATE, f"not done after {seconds:g} s") from None
        except (OSError, FrameError):
            with anyio.CancelScope(shield=True):
                status = await self.end()
            raise WorkerDied(WorkerDeath.CRASHED, f"the worker ended with status {status}") from None
        known: dict[str, Any] = answer
        return known

    async def end(self) -> int:
        """Kill the process if it still runs; give its exit status."""
        self._channel.close()
        return await anyio.to_thread.run_sync(_reap, self._process)


def _reap(process: subprocess.Popen[bytes]) -> int:
    try:
        # A worker whose socket closes ends by itself, unless it is busy.
        return process.wait(timeout=0.2)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


class TrustedPool:
    """Up to ``workers`` processes with one environment; those that die or are late are replaced."""

    def __init__(self, source: str, workers: int) -> None:
        self._source = source
        self._slots = anyio.Semaphore(workers)
        self._idle: list[TrustedWorker] = []
        self.workers = workers

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[TrustedWorker]:
        """Lend a worker; it is ended if the context is left by an exception."""
        async with self._slots:
            worker = self._idle.pop() if self._idle else await self._start()
            try:
                yield worker
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await worker.end()
                raise
            self._idle.append(worker)

    async def ask(self, message: dict[str, Any], seconds: float, read: Callable[[dict[str, Any]], T]) -> T:
        """Ask any worker; give what ``read`` makes of the answer.

        Raises ``WorkerDied``, also for an answer that ``read`` refuses with a ``FrameError``.
        """
        async with self.worker() as worker:
            answer = await worker.ask(message, seconds)
            if answer.get("failed") == "memory":
                raise WorkerDied(WorkerDeath.MEMORY, "the answer does not fit a worker's memory")
            try:
                return read(answer)
            except FrameError as error:
                raise WorkerDied(WorkerDeath.CRASHED, str(error)) from None

    async def _start(self) -> TrustedWorker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            process = await anyio.to_thread.run_sync(_spawn, theirs)
        finally:
            theirs.close()
        worker = TrustedWorker(process, ours)
        try:
            answer = await worker.ask({"open": self._source}, OPEN_SECONDS)
        except BaseException as error:
            with anyio.CancelScope(shield=True):
                await worker.end()
            if isinstance(error, WorkerDied):
                raise EnvironmentUnusable(f"{self._source}: its process did not start: {error}") from None
            raise
        if "failed" in answer:
            await worker.end()
            raise EnvironmentUnusable(f"{self._source}: {answer['failed']}")
        return worker

    async def close(self) -> None:
        """End all workers."""
        while self._idle:
            await self._idle.pop().end()


@asynccontextmanager
async def open_trusted_pool(source: str, *, workers: int) -> AsyncIterator[TrustedPool]:
    """Start a first worker, so that an environment that cannot be imported is known at once.

    Raises ``EnvironmentUnusable``.
    """
    if os.name != "posix":
        raise EnvironmentUnusable("trusted environments need Linux, macOS or WSL")
    pool = TrustedPool(source, workers)
    try:
        async with pool.worker():
            pass
        yield pool
    finally:
        with anyio.CancelScope(shield=True):
            await pool.close()


def _spawn(channel: socket.socket) -> subprocess.Popen[bytes]:
    here = str(os.getcwd())  # noqa: PTH109  # as text, for sys.path
    # The user's own modules lie where the user stands; last, so that they shadow nothing that is installed.
    folders = [folder for folder in sys.path if folder] + [here]
    arguments = [json.dumps(folders), str(MEMORY_BYTES), str(channel.fileno())]
    return subprocess.Popen(  # noqa: S603  # our own interpreter and code
        [sys.executable, "-c", BOOT, *arguments],
        pass_fds=[channel.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
