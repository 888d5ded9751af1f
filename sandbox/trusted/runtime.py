"""Runs trajectories in a trusted Python environment: whole records in a message, several in a batch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio

from sandbox.errors import EnvironmentUnusable
from sandbox.trusted.process import TrustedPool, TrustedWorker, open_trusted_pool, read_object, write_frame
from sandbox.trusted.types import (
    StateReading,
    TrustedExecution,
    TrustedTrajectory,
    TurnExecution,
    Unopened,
)
from sandbox.trusted.wire import read_results, write_calls, write_record, write_trajectory
from sandbox.types import Call, Fault, FaultKind, JsonObject, Outcome, Outcomes
from sandbox.workers.deaths import WorkerDeath, WorkerDied
from sandbox.workers.faults import TRUNCATED, truncated
from sandbox.workers.frames import FrameError

__all__ = ["SHIPPED_ENVIRONMENTS", "TrustedRuntime", "environment_source", "open_trusted"]

BATCH_SIZE = 16
QUICK_SECONDS = 1.0
QUICK_SIZE = 128  # after a quick batch: between two of them a worker waits for its turn in the event loop
BATCH_SECONDS = 60.0
CALL_SECONDS = 10.0
SHIPPED_ENVIRONMENTS: Mapping[str, str] = {"bfcl": "python:sandbox.trusted.bfcl:open_entry"}

Result = TrustedExecution | Unopened


def environment_source(name: str) -> str | None:
    """Give the ``python:MODULE:FACTORY`` that a name stands for; None if it is no trusted environment."""
    if name.startswith("python:"):
        return name
    return SHIPPED_ENVIRONMENTS.get(name)


class TrustedRuntime:
    """An environment that is open in worker processes.  Use ``open_trusted``."""

    isolation = "trusted process"

    def __init__(self, pool: TrustedPool, *, batch_seconds: float, call_seconds: float) -> None:
        self._pool = pool
        self._batch_seconds = batch_seconds
        self._call_seconds = call_seconds
        self._batch_size = BATCH_SIZE
        self._quick_size = QUICK_SIZE
        self._patience = batch_seconds

    async def run(
        self, trajectories: Sequence[TrustedTrajectory], *, read: StateReading = StateReading.FINAL
    ) -> tuple[Result, ...]:
        """Execute trajectories, each on objects of its own; one result for each, in order.

        What a tool does wrong is a ``Fault`` in there.  Raises ``EnvironmentUnusable`` when no worker can be
        had.
        """
        results: list[Result | None] = [None] * len(trajectories)
        most = max(1, -(-len(trajectories) // self._pool.workers))
        begun = 0

        async def run_batches() -> None:
            nonlocal begun
            while begun < len(trajectories):
                first, begun = begun, min(begun + min(self._batch_size, most), len(trajectories))
                part = slice(first, begun)
                results[part] = await self._run_batch(trajectories[part], read)

        # One for each worker: two that take turns with one worker keep it busier, and cost a tenth more.
        async with anyio.create_task_group() as tasks:
            for _ in range(min(self._pool.workers, len(trajectories))):
                tasks.start_soon(run_batches)
        return tuple(result for result in results if result is not None)

    async def tools(self, record: JsonObject | None = None) -> tuple[JsonObject, ...]:
        """Describe the tools that the factory makes of a record, as OpenAI functions with ``returns``.

        Without a record a class is looked at, and a factory given an empty one.  Raises
        ``EnvironmentUnusable`` if it makes none.
        """
        try:
            answer = await self._pool.ask(
                {"tools": None if record is None else dict(record)}, self._batch_seconds, read_object
            )
        except WorkerDied as death:
            raise EnvironmentUnusable(f"the tools cannot be listed: {death}") from None
        if "tools" not in answer:
            raise EnvironmentUnusable(f"the tools cannot be listed: {answer.get('failed')}")
        return tuple(answer["tools"])

    async def _run_batch(self, batch: Sequence[TrustedTrajectory], read: StateReading) -> list[Result]:
        message = {"batch": [write_trajectory(trajectory) for trajectory in batch], "read": read}
        began = anyio.current_time()
        try:
            done = await self._pool.ask(
                message, self._patience, lambda answer: read_results(answer, batch, read)
            )
        except WorkerDied as death:
            self._batch_size = self._quick_size = BATCH_SIZE
            # One of them is guilty, and call by call it names itself, harms no other, and wastes a call's
            # time and not a batch's.
            singly = [await self._run_call_by_call(trajectory, read) for trajectory in batch]
            if death.cause is WorkerDeath.LATE and not any(map(_is_stuck, singly)):
                self._patience = self._batch_seconds
            return singly
        is_quick = anyio.current_time() - began < QUICK_SECONDS
        self._batch_size = self._quick_size if is_quick else BATCH_SIZE
        self._patience = self._quick_patience if is_quick else self._batch_seconds
        return done

    @property
    def _quick_patience(self) -> float:
        """Where batches are quick, one that takes longer than two calls may is probably stuck."""
        return min(self._batch_seconds, 2 * self._call_seconds)

    async def _run_call_by_call(self, trajectory: TrustedTrajectory, read: StateReading) -> Result:
        """Find the calls that end the worker; what follows runs on objects that never saw them."""
        deaths: dict[int, Fault] = {}
        while True:
            try:
                async with self._pool.worker() as worker:
                    retrial = _Retrial(
                        worker,
                        trajectory,
                        deaths,
                        open_seconds=self._batch_seconds,
                        call_seconds=self._call_seconds,
                    )
                    return await retrial.run(read)
            except _DiedAt as death:
                deaths[death.call] = _fault_of(death)
            except WorkerDied as death:
                return Unopened(reason=f"the record could not be opened: {death.detail}")


class _Retrial:
    """One more run of a trajectory, a message a call, without the calls that are known to be deadly."""

    def __init__(
        self,
        worker: TrustedWorker,
        trajectory: TrustedTrajectory,
        deaths: Mapping[int, Fault],
        *,
        open_seconds: float,
        call_seconds: float,
    ) -> None:
        self._worker = worker
        self._trajectory = trajectory
        self._deaths = deaths
        self._open_seconds = open_seconds
        self._call_seconds = call_seconds

    async def run(self, read: StateReading) -> Result:
        opened = await self._ask(write_record(self._trajectory.record), (), StateReading.TURN)
        if isinstance(opened, Unopened):
            return opened
        turns: list[TurnExecution] = []
        last = opened
        number = 0
        for calls in self._trajectory.turns:
            outcomes: list[Outcome] = []
            digests: list[str] = []
            for call in calls:
                if number in self._deaths:
                    outcomes.append(self._deaths[number])
                else:
                    last = await self._call(call, number, last)
                    outcomes += last.outcomes
                digests.append(last.final_state_digest)
                number += 1
            turns.append(_turn(outcomes, digests, last, read))
        return TrustedExecution(
            turns=tuple(turns),
            final_state=None if read is StateReading.DIGEST else last.final_state,
            final_state_digest=last.final_state_digest,
        )

    async def _call(self, call: Call, number: int, last: TrustedExecution) -> TrustedExecution:
        planned = self._trajectory.faults.get(number)
        fault = None if planned is None else Fault(planned.kind, planned.code, planned.message)
        if fault is not None and fault.code != TRUNCATED:
            return replace(last, turns=(TurnExecution(outcomes=Outcomes.of([fault])),))
        try:
            done = await self._ask(None, (call,), StateReading.FINAL)
        except WorkerDied as death:
            raise _DiedAt(death, number) from None
        if isinstance(done, Unopened):
            raise _DiedAt(WorkerDied(WorkerDeath.CRASHED, done.reason), number)
        (outcome,) = done.outcomes
        if fault is None or isinstance(outcome, Fault):
            return done
        cut = truncated(fault, done.outcomes.results[0])
        return replace(done, turns=(TurnExecution(outcomes=Outcomes.of([cut])),))

    async def _ask(
        self, record: dict[str, Any] | None, calls: tuple[Call, ...], read: StateReading
    ) -> Result:
        """Make calls on a record, which is opened first; None is the one that is open."""
        entry = {**(record or {"record": None}), "turns": [write_calls(calls)], "faults": []}
        seconds = self._call_seconds if record is None else self._open_seconds
        body = await self._worker.exchange(write_frame({"batch": [entry], "read": read}), seconds)
        asked = TrustedTrajectory(record={}, turns=(calls,))
        try:
            return read_results(body, [asked], read)[0]
        except FrameError as error:
            raise WorkerDied(WorkerDeath.CRASHED, str(error)) from None


class _DiedAt(WorkerDied):
    """A worker died at a call, known by its index."""

    def __init__(self, death: WorkerDied, call: int) -> None:
        super().__init__(death.cause, death.detail)
        self.call = call


def _is_stuck(result: Result) -> bool:
    return isinstance(result, Unopened) or any(
        fault.kind is FaultKind.TIMEOUT for fault in result.outcomes.faults.values()
    )


def _turn(
    outcomes: list[Outcome], digests: list[str], last: TrustedExecution, read: StateReading
) -> TurnExecution:
    if read in (StateReading.DIGEST, StateReading.FINAL):
        return TurnExecution(outcomes=Outcomes.of(outcomes))
    return TurnExecution(
        outcomes=Outcomes.of(outcomes),
        state=last.final_state,
        state_digest=last.final_state_digest,
        call_digests=tuple(digests) if read is StateReading.CALL else (),
    )


def _fault_of(death: WorkerDied) -> Fault:
    match death.cause:
        case WorkerDeath.LATE:
            return Fault(FaultKind.TIMEOUT, "timeout", f"the call was stopped: {death.detail}")
        case WorkerDeath.MEMORY:
            return Fault(FaultKind.MEMORY, "memory", "the call asked for more memory than a worker has")
        case WorkerDeath.CRASHED | WorkerDeath.TOO_LONG:
            return Fault(FaultKind.CRASH, "crash", death.detail)


@asynccontextmanager
async def open_trusted(
    name: str,
    *,
    workers: int = 1,
    batch_seconds: float = BATCH_SECONDS,
    call_seconds: float = CALL_SECONDS,
) -> AsyncIterator[TrustedRuntime]:
    """Open ``python:MODULE:FACTORY`` or a shipped environment in worker processes of its own.

    FACTORY(record) gives an object, or a list or dictionary of several, whose public methods are tools and
    whose public attributes (or ``state()``) are the world.  A batch that takes longer than ``batch_seconds``
    is run again call by call, with ``call_seconds`` each.  Raises ``EnvironmentUnusable``.
    """
    source = environment_source(name)
    if source is None:
        known = ", ".join(SHIPPED_ENVIRONMENTS)
        raise EnvironmentUnusable(
            f"{name!r} is no environment; write python:MODULE:FACTORY or one of {known}"
        )
    async with open_trusted_pool(source, workers=workers) as pool:
        yield TrustedRuntime(pool, batch_seconds=batch_seconds, call_seconds=call_seconds)
