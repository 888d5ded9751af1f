"""Confined worker processes: started from a template, replaced when they die, killed when they are late."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

from sandbox.errors import IsolationError, PackError
from sandbox.isolation import Isolation, IsolationLevel
from sandbox.workers.answers import Answer, read_reply
from sandbox.workers.channel import receive, receive_body, receive_nowait, send, send_nowait
from sandbox.workers.deaths import WorkerDeath, WorkerDied, cause_of_failure, spoken_status, why
from sandbox.workers.frames import FrameError, body_of, decode, encode
from sandbox.workers.pooled import Follower, LoadedPack, PooledWorker
from sandbox.workers.template import START_SECONDS, Template, end_template, start_template, wait_until_ready

__all__ = ["WorkerPool", "open_pool"]

T = TypeVar("T")
LOAD_SECONDS = 30.0
PACKS_PER_WORKER = 32


class WorkerPool:
    """A fixed number of confined workers.  Use ``open_pool``."""

    def __init__(self, template: Template, workers: int) -> None:
        self._template = template
        self._slots = anyio.Semaphore(workers, fast_acquire=True)
        self._idle: list[PooledWorker] = []
        self._busy: list[PooledWorker] = []
        self._compiled: dict[bytes, list[dict[str, Any]]] = {}
        self._compiling: dict[bytes, anyio.Lock] = {}
        self._asked = 0
        self.workers = workers
        self.isolation = Isolation(level=IsolationLevel.NONE, measures=())

    async def run(
        self,
        pack: LoadedPack,
        batch: list[dict[str, Any]],
        read: Callable[[list[Answer]], T],
        *,
        seconds: float,
        strict: bool = False,
    ) -> T:
        """Run a batch of trajectories on one worker; give what ``read`` makes of its answers.

        Raises ``WorkerDied`` when the worker ends, is not done after ``seconds``, or answers something that
        ``read`` refuses with a ``FrameError`` (it is killed then), and ``PackError`` when the pack cannot be
        loaded.
        """
        self._asked += 1
        number = self._asked
        try:
            frame = encode({"run": pack.digest, "batch": batch, "strict": strict, "number": number})
        except FrameError as error:
            raise WorkerDied(WorkerDeath.TOO_LONG, str(error)) from None
        await self._compile(pack)
        worker, body = await self._answered(pack, frame, seconds)
        if self._idle and not self._slots.value:
            # Somebody has waited for this worker, and sends the next batch before this one is read.
            await anyio.lowlevel.checkpoint()
        try:
            reply = read_reply(body)
            if reply.batch is None:
                raise WorkerDied(cause_of_failure(reply.failed), reply.why or reply.failed)
            if reply.number != number:
                raise FrameError("a worker answered another request")
            return read(reply.batch)
        except FrameError as error:
            await self._condemn(worker)
            raise WorkerDied(WorkerDeath.CRASHED, str(error)) from None
        except WorkerDied as death:
            if death.cause is not WorkerDeath.TOO_LONG:
                await self._condemn(worker)
            raise

    async def inspect(self, pack: LoadedPack) -> list[dict[str, Any]]:
        """Load a pack on a worker; give, for each source of it, what its compilation told."""
        await self._compile(pack)
        worker = await self._taken()
        try:
            await self._load(worker, pack)
        finally:
            await self._give_back(worker, works_on=pack.digest in worker.loaded)
        return self._compilation_of(pack)

    async def start_workers(self) -> None:
        """Start all workers now and learn what isolation they have."""
        for _ in range(self.workers):
            self._idle.append(await self._start())

    async def _load(self, worker: PooledWorker, pack: LoadedPack) -> None:
        if pack.digest not in worker.loaded:
            message = {**pack.load, "compiled": self._compilation_of(pack)}
            answer = await self._ask(worker, encode(message), LOAD_SECONDS)
            if "failed" in answer:
                raise PackError(f"pack {pack.name}: {why(answer)}")
            if answer.get("loaded") != pack.digest:
                raise WorkerDied(WorkerDeath.CRASHED, "a worker answered another request")
            worker.loaded.add(pack.digest)

    def _compilation_of(self, pack: LoadedPack) -> list[dict[str, Any]]:
        return [part for source in pack.sources for part in self._compiled[source]]

    async def _compile(self, pack: LoadedPack) -> None:
        """Have each part of a pack compiled, once, also if other packs join it."""
        for source in pack.sources:
            if source not in self._compiled:
                await self._compile_part(pack.name, source)

    async def _compile_part(self, name: str, source: bytes) -> None:
        """Have a source compiled by a worker that has seen no other code and runs none."""
        async with self._compiling.setdefault(source, anyio.Lock()):
            if source in self._compiled:
                return
            worker = await self._start()
            try:
                answer = await self._ask(worker, source, LOAD_SECONDS)
            finally:
                with anyio.CancelScope(shield=True):
                    await self._end(worker)
            if not isinstance(answer.get("compiled"), list):
                raise PackError(f"pack {name}: {why(answer)}")
            self._compiled[source] = answer["compiled"]

    async def _answered(
        self, pack: LoadedPack, frame: bytes, seconds: float
    ) -> tuple[PooledWorker, bytearray]:
        """Give the answer and the worker that gave it; one that ends by another's fault is no answer."""
        while True:
            worker, sent = self._open_to_next(pack), 0
            if worker is None:
                worker = await self._taken()
            else:
                sent = send_nowait(worker.channel, frame)
                if not await self._wait_for_turn(worker, sent_whole=sent == len(frame)):
                    continue
            works_on = (
                False  # unless dead, late, or in the middle of an answer that nobody waits for any more
            )
            try:
                await self._load(worker, pack)
                body = await self._exchange(worker, frame, seconds, sent=sent, last=True)
                works_on = True
            except PackError:
                works_on = True
                raise
            except WorkerDied:
                if not worker.spoiled:
                    raise
                continue
            finally:
                await self._give_back(worker, works_on=works_on)
            return worker, body

    def _open_to_next(self, pack: LoadedPack) -> PooledWorker | None:
        """Find a busy worker to which a request may be sent ahead; never past those who wait for any."""
        if self._slots.value or self._slots.statistics().tasks_waiting:
            return None
        return next(
            (
                one
                for one in self._busy
                if one.open_to_next and one.next is None and pack.digest in one.loaded
            ),
            None,
        )

    async def _wait_for_turn(self, worker: PooledWorker, *, sent_whole: bool) -> bool:
        """Wait until the worker is ours, with its slot; False when it has ended before."""
        worker.next = mine = Follower(sent_whole=sent_whole)
        try:
            await mine.turn.wait()
        except BaseException:
            worker.spoiled = True
            if mine.granted:
                await self._give_back(worker, works_on=False)
            else:
                worker.next = None
            raise
        return mine.granted

    async def _taken(self) -> PooledWorker:
        """Take a worker and a slot, as soon as there is one."""
        await self._slots.acquire()
        try:
            worker = self._idle.pop() if self._idle else await self._start()
        except BaseException:
            self._slots.release()
            raise
        self._busy.append(worker)
        return worker

    async def _give_back(self, worker: PooledWorker, *, works_on: bool) -> None:
        """Hand a worker on with its slot to who is next; if nobody is, or it has ended, the slot is free."""
        following, worker.next = worker.next, None
        if following is not None and works_on and not worker.spoiled:
            worker.open_to_next = following.sent_whole
            following.granted = True
            following.turn.set()
            return
        self._busy.remove(worker)
        worker.open_to_next = False
        try:
            if works_on and not worker.spoiled and len(worker.loaded) < PACKS_PER_WORKER:
                self._idle.append(worker)
            else:
                with anyio.CancelScope(shield=True):
                    await self._end(worker)
        finally:
            if following is not None:
                following.turn.set()
            self._slots.release()

    async def _condemn(self, worker: PooledWorker) -> None:
        """End a worker that gave a wrong answer, even if it is at work for somebody else by now."""
        with anyio.CancelScope(shield=True):
            if worker in self._idle:
                self._idle.remove(worker)
                await self._end(worker)
            else:
                worker.spoiled = True
                await self._kill(worker)  # who waits for it will see, clean up, and take another

    async def _ask(self, worker: PooledWorker, frame: bytes, seconds: float) -> dict[str, Any]:
        body = await self._exchange(worker, frame, seconds)
        try:
            return _object(decode(body))
        except FrameError as error:
            raise WorkerDied(WorkerDeath.CRASHED, str(error)) from None

    async def _exchange(
        self, worker: PooledWorker, frame: bytes, seconds: float, *, sent: int = 0, last: bool = False
    ) -> bytearray:
        """Send what is not ``sent`` of a request, the ``last`` of who has the worker; give the answer."""
        received = bytearray()
        try:
            if not sent:
                sent = send_nowait(worker.channel, frame)
                worker.open_to_next = last and sent == len(frame)
                await anyio.lowlevel.checkpoint()
            # While others had their turn a short answer came: that it needs no deadline and is not waited for
            # saves it a quarter of its cost.
            if sent == len(frame) and receive_nowait(worker.channel, received):
                return body_of(received)
            with anyio.CancelScope(deadline=anyio.current_time() + seconds):
                await send(worker.channel, frame, sent)
                worker.open_to_next = last
                return await receive_body(worker.channel, received)
        except (OSError, FrameError):
            with anyio.CancelScope(shield=True):
                status = await self._end(worker)
            raise WorkerDied(WorkerDeath.CRASHED, f"the worker ended ({spoken_status(status)})") from None
        raise WorkerDied(WorkerDeath.LATE, f"not done after {seconds:g} s")

    async def _start(self) -> PooledWorker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            pid = await self._template.fork(theirs.fileno())
        finally:
            theirs.close()
        worker = PooledWorker(pid=pid, channel=ours)
        try:
            with anyio.fail_after(START_SECONDS):
                hello = await receive(ours)
        except (OSError, FrameError, TimeoutError):
            with anyio.CancelScope(shield=True):
                status = await self._end(worker)
            raise IsolationError(f"a worker ended while it was confined ({spoken_status(status)})") from None
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._end(worker)
            raise
        self.isolation = Isolation(level=IsolationLevel(hello["level"]), measures=tuple(hello["measures"]))
        return worker

    async def _end(self, worker: PooledWorker) -> int:
        worker.channel.close()
        return await self._kill(worker)

    async def _kill(self, worker: PooledWorker) -> int:
        if worker.pid == 0:
            return 0
        pid, worker.pid = worker.pid, 0
        return await self._template.end(pid)

    def close(self) -> None:
        """Close all sockets; the template then ends with its workers."""
        for worker in self._idle:
            worker.channel.close()
        self._template.close()


@asynccontextmanager
async def open_pool(*, workers: int) -> AsyncIterator[WorkerPool]:
    """Start a template and its workers; end them on the way out.

    Raises ``IsolationError`` when the platform has no such workers.
    """
    if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
        raise IsolationError("this platform cannot fork confined workers; use Linux, macOS or WSL")
    ours, theirs = socket.socketpair()
    process = await anyio.to_thread.run_sync(start_template, theirs)
    pool = WorkerPool(Template(ours), workers)
    try:
        theirs.close()
        ours.setblocking(False)
        await wait_until_ready(ours, process)
        await pool.start_workers()
        yield pool
    finally:
        pool.close()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(end_template, process)


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise FrameError("a worker answered with no object")
    return answer
