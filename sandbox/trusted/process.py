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
import anyio.lowlevel
import anyio.to_thread

from sandbox.errors import EnvironmentUnusable
from sandbox.workers.channel import receive_body, send
from sandbox.workers.deaths import WorkerDeath, WorkerDied
from sandbox.workers.frames import FrameError, decode, encode

__all__ = ["TrustedPool", "TrustedWorker", "open_trusted_pool", "read_object", "write_frame"]

T = TypeVar("T")
OPEN_SECONDS = 120.0
END_SECONDS = 0.2
PATIENCE = 3
MEMORY_BYTES = 8 << 30
BOOT = (  # collecting garbage takes a tenth of the time to import things, of which nothing is garbage
    "import gc, json, sys; gc.disable(); sys.path[:] = json.loads(sys.argv[1]);"
    "from sandbox.trusted.worker import start; start()"
)


class TrustedWorker:
    """One process in which the environment is open."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self.spoiled = False
        """It gave a wrong answer: whoever has it is the last."""

    async def ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a message and wait for its answer.  Raises ``WorkerDied``."""
        body = await self.exchange(write_frame(message), seconds)
        try:
            return read_object(body)
        except FrameError as error:
            with anyio.CancelScope(shield=True):
                await self.end()
            raise WorkerDied(WorkerDeath.CRASHED, str(error)) from None

    async def exchange(self, frame: bytes, seconds: float) -> bytearray:
        """Send a frame and wait for its answer, still written.  Raises ``WorkerDied``."""
        try:
            with anyio.fail_after(seconds):
                await send(self._channel, frame)
                return await receive_body(self._channel)
        except TimeoutError:
            raise WorkerDied(WorkerDeath.LATE, f"not done after {seconds:g} s") from None
        except (OSError, FrameError):
            with anyio.CancelScope(shield=True):
                status = await self.end()
            raise WorkerDied(WorkerDeath.CRASHED, f"the worker ended with status {status}") from None

    async def end(self) -> int:
        """Close its socket, at which it ends, and kill it if it is too busy for that; give its status."""
        self._channel.close()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._kill_later)
            status = await anyio.to_thread.run_sync(self._process.wait)
            tasks.cancel_scope.cancel()
        return status

    async def _kill_later(self) -> None:
        await anyio.sleep(END_SECONDS)
        self._process.kill()


class TrustedPool:
    """Up to ``workers`` processes with one environment; those that die or are late are replaced.

    There is one at first.  Each other starts when somebody has waited for a worker for some times as long as
    a process takes to start: where that never happens it would come too late to be of use.
    """

    def __init__(self, source: str, workers: int) -> None:
        self._source = source
        self._slots = anyio.Semaphore(1)
        self._to_come = workers - 1
        self._start_seconds = OPEN_SECONDS
        self._idle: list[TrustedWorker] = []
        self.workers = workers

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[TrustedWorker]:
        """Lend a worker; it is ended if the context is left by an exception."""
        await self._take_slot()
        try:
            worker = self._idle.pop() if self._idle else await self._start()
            try:
                yield worker
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await worker.end()
                raise
            if worker.spoiled:
                await worker.end()
            else:
                self._idle.append(worker)
        finally:
            self._slots.release()

    async def _take_slot(self) -> None:
        """Wait for a worker that is free, or long enough for one more."""
        if self._to_come:
            with anyio.move_on_after(PATIENCE * self._start_seconds):
                await self._slots.acquire()
                return
        if self._to_come:
            self._to_come -= 1
        else:
            await self._slots.acquire()

    async def ask(self, message: dict[str, Any], seconds: float, read: Callable[[bytearray], T]) -> T:
        """Ask any worker; give what ``read`` makes of the answer as it was written.

        Raises ``WorkerDied``, also for an answer that ``read`` refuses with a ``FrameError``.
        """
        frame = write_frame(message)
        async with self.worker() as worker:
            body = await worker.exchange(frame, seconds)
        # The worker is free again: whoever waits for it sends the next batch before this one is read.
        await anyio.lowlevel.checkpoint()
        try:
            return read(body)
        except FrameError as error:
            await self._condemn(worker)
            raise WorkerDied(WorkerDeath.CRASHED, str(error)) from None
        except WorkerDied:
            await self._condemn(worker)
            raise

    async def _condemn(self, worker: TrustedWorker) -> None:
        """End a worker that gave a wrong answer: now, or when who has it by now is done."""
        worker.spoiled = True
        if worker in self._idle:
            self._idle.remove(worker)
            with anyio.CancelScope(shield=True):
                await worker.end()

    async def _start(self) -> TrustedWorker:
        began = anyio.current_time()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            # A thread would wait for the interpreter's lock at each step, for ten times what starting takes.
            process = _spawn(theirs)
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
        self._start_seconds = anyio.current_time() - began
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


def write_frame(message: dict[str, Any]) -> bytes:
    """Write a message.  Raises ``WorkerDied`` if it is too long, which is dealt with like a bad answer."""
    try:
        return encode(message)
    except FrameError as error:
        raise WorkerDied(WorkerDeath.TOO_LONG, str(error)) from None


def read_object(body: bytearray) -> dict[str, Any]:
    """Read an answer of any names.  Raises ``FrameError`` if it is no JSON object."""
    answer = decode(body)
    if not isinstance(answer, dict):
        raise FrameError("a worker answered with no object")
    return answer


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
