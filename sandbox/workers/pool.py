"""Confined worker processes: started from a template, replaced when they die, killed when they are late."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

from sandbox.errors import IsolationError, PackError
from sandbox.isolation import Isolation, IsolationLevel
from sandbox.workers.channel import receive, receive_body, send, send_nowait
from sandbox.workers.deaths import WorkerDeath, WorkerDied, cause_of_failure, spoken_status, why
from sandbox.workers.frames import FrameError, decode, encode
from sandbox.workers.template import START_SECONDS, end_template, start_template, wait_until_ready

__all__ = ["LoadedPack", "WorkerPool", "open_pool"]

T = TypeVar("T")
LOAD_SECONDS = 30.0
PACKS_PER_WORKER = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPack:
    """What workers must be told of a pack: ``source`` one that compiles it, ``load`` those that run it."""

    name: str
    digest: str
    source: bytes
    load: Mapping[str, Any]


@dataclass(slots=True, kw_only=True, eq=False)
class _Next:
    """Who has the worker next: its request is sent while the worker still works on the one before."""

    turn: anyio.Event = field(default_factory=anyio.Event)
    granted: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class _Worker:
    pid: int
    channel: socket.socket
    loaded: set[str] = field(default_factory=set)
    next: _Next | None = None
    open_to_next: bool = False  # the last request of who has it now was sent whole
    spoiled: bool = False  # nobody waits for an answer that it will give, or it gave a wrong one


class WorkerPool:
    """A fixed number of confined workers.  Use ``open_pool``."""

    def __init__(self, control: socket.socket, workers: int) -> None:
        self._control = control
        self._talking = anyio.Lock()
        self._slots = anyio.Semaphore(workers)
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []
        self._compiled: dict[str, list[dict[str, Any]]] = {}
        self._compiling: dict[str, anyio.Lock] = {}
        self._asked = 0
        self.workers = workers
        self.isolation = Isolation(level=IsolationLevel.NONE, measures=())

    async def run(
        self,
        pack: LoadedPack,
        batch: list[dict[str, Any]],
        read: Callable[[list[Any]], T],
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
        frame = encode({"run": pack.digest, "batch": batch, "strict": strict, "number": number})
        await self._compile(pack)
        worker, body = await self._answered(pack, frame, seconds)
        # The worker is free again: whoever waits for it sends the next batch before this one is read.
        await anyio.lowlevel.checkpoint()
        try:
            answer = _object(decode(body))
            if "batch" not in answer:
                raise WorkerDied(cause_of_failure(answer), why(answer))
            if answer.get("number") != number:
                raise FrameError("a worker answered another request")
            return read(answer["batch"])
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
        await self._slots.acquire()
        async with self._worker() as worker:
            await self._load(worker, pack)
        return self._compiled[pack.digest]

    async def start_workers(self) -> None:
        """Start all workers now and learn what isolation they have."""
        for _ in range(self.workers):
            self._idle.append(await self._start())

    async def _load(self, worker: _Worker, pack: LoadedPack) -> None:
        if pack.digest not in worker.loaded:
            message = {**pack.load, "compiled": self._compiled[pack.digest]}
            answer = await self._ask(worker, encode(message), LOAD_SECONDS)
            if "failed" in answer:
                raise PackError(f"pack {pack.name}: {why(answer)}")
            if answer.get("loaded") != pack.digest:
                raise WorkerDied(WorkerDeath.CRASHED, "a worker answered another request")
            worker.loaded.add(pack.digest)

    async def _compile(self, pack: LoadedPack) -> None:
        """Have a pack compiled, once, by a worker that has seen no other code and runs none."""
        if pack.digest in self._compiled:
            return
        async with self._compiling.setdefault(pack.digest, anyio.Lock()):
            if pack.digest in self._compiled:
                return
            worker = await self._start()
            try:
                answer = await self._ask(worker, pack.source, LOAD_SECONDS)
            finally:
                with anyio.CancelScope(shield=True):
                    await self._end(worker)
            if not isinstance(answer.get("compiled"), list):
                raise PackError(f"pack {pack.name}: {why(answer)}")
            self._compiled[pack.digest] = answer["compiled"]

    async def _answered(self, pack: LoadedPack, frame: bytes, seconds: float) -> tuple[_Worker, bytearray]:
        """Give the answer and the worker that gave it; one that ends by another's fault is no answer."""
        while True:
            ahead = self._open_to_next(pack)
            sent = 0
            if ahead is None:
                await self._slots.acquire()
            else:
                sent = send_nowait(ahead.channel, frame)
                if not await self._wait_for_turn(ahead):
                    continue
            async with self._worker(ahead) as worker:
                try:
                    await self._load(worker, pack)
                    body = await self._exchange(worker, frame[sent:], seconds, last=True)
                except WorkerDied:
                    if not worker.spoiled:
                        raise
                    continue
            return worker, body

    def _open_to_next(self, pack: LoadedPack) -> _Worker | None:
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

    async def _wait_for_turn(self, worker: _Worker) -> bool:
        """Wait until the worker is ours, with its slot; False when it has ended before."""
        worker.next = mine = _Next()
        try:
            await mine.turn.wait()
        except BaseException:
            worker.spoiled = True
            if mine.granted:
                with anyio.CancelScope(shield=True):
                    await self._end(worker)
                self._slots.release()
            worker.next = None
            raise
        return mine.granted

    @asynccontextmanager
    async def _worker(self, worker: _Worker | None = None) -> AsyncIterator[_Worker]:
        """Lend a worker to one who has a slot; the slot goes on with the worker, or is free after it."""
        try:
            worker = worker or (self._idle.pop() if self._idle else await self._start())
        except BaseException:
            self._slots.release()
            raise
        self._busy.append(worker)
        works_on = False  # unless dead, late, or in the middle of an answer that nobody waits for any more
        try:
            yield worker
            works_on = not worker.spoiled
        except PackError:
            works_on = True
            raise
        finally:
            self._busy.remove(worker)
            worker.open_to_next = False
            await self._hand_on(worker, works_on=works_on)

    async def _hand_on(self, worker: _Worker, *, works_on: bool) -> None:
        following, worker.next = worker.next, None
        if following is not None and works_on:
            following.granted = True
            following.turn.set()
            return
        try:
            if works_on and len(worker.loaded) < PACKS_PER_WORKER:
                self._idle.append(worker)
            else:
                with anyio.CancelScope(shield=True):
                    await self._end(worker)
        finally:
            if following is not None:
                following.turn.set()
            self._slots.release()

    async def _condemn(self, worker: _Worker) -> None:
        """End a worker that gave a wrong answer, even if it is at work for somebody else by now."""
        with anyio.CancelScope(shield=True):
            if worker in self._idle:
                self._idle.remove(worker)
                await self._end(worker)
            else:
                worker.spoiled = True
                await self._kill(worker)  # who waits for it will see, clean up, and take another

    async def _ask(self, worker: _Worker, frame: bytes, seconds: float) -> dict[str, Any]:
        body = await self._exchange(worker, frame, seconds)
        try:
            return _object(decode(body))
        except FrameError as error:
            raise WorkerDied(WorkerDeath.CRASHED, str(error)) from None

    async def _exchange(
        self, worker: _Worker, frame: bytes, seconds: float, *, last: bool = False
    ) -> bytearray:
        try:
            with anyio.fail_after(seconds):
                await send(worker.channel, frame)
                worker.open_to_next = last
                return await receive_body(worker.channel)
        except TimeoutError:
            raise WorkerDied(WorkerDeath.LATE, f"not done after {seconds:g} s") from None
        except (OSError, FrameError):
            with anyio.CancelScope(shield=True):
                status = await self._end(worker)
            raise WorkerDied(WorkerDeath.CRASHED, f"the worker ended ({spoken_status(status)})") from None

    async def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            pid = (await self._request(b"start", [theirs.fileno()]))["pid"]
        finally:
            theirs.close()
        worker = _Worker(pid=pid, channel=ours)
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

    async def _end(self, worker: _Worker) -> int:
        worker.channel.close()
        return await self._kill(worker)

    async def _kill(self, worker: _Worker) -> int:
        if worker.pid == 0:
            return 0
        pid, worker.pid = worker.pid, 0
        return int((await self._request(str(pid).encode(), []))["status"])

    async def _request(self, request: bytes, descriptors: list[int]) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        # Shielded: half a conversation would leave the answer to the next request.
        async with self._talking:
            with anyio.CancelScope(shield=True):
                try:
                    socket.send_fds(self._control, [request], descriptors)
                    answer = await receive(self._control)
                except (OSError, FrameError):
                    raise IsolationError("the sandbox's template process has ended; start again") from None
        return answer

    def close(self) -> None:
        """Close all sockets; the template then ends with its workers."""
        for worker in self._idle:
            worker.channel.close()
        self._control.close()


@asynccontextmanager
async def open_pool(*, workers: int) -> AsyncIterator[WorkerPool]:
    """Start a template and its workers; end them on the way out.

    Raises ``IsolationError`` when the platform has no such workers.
    """
    if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
        raise IsolationError("this platform cannot fork confined workers; use Linux, macOS or WSL")
    ours, theirs = socket.socketpair()
    process = await anyio.to_thread.run_sync(start_template, theirs)
    pool = WorkerPool(ours, workers)
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
