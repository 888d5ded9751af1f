"""The front of the sandbox: trajectories in, executions out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol

import anyio
import anyio.from_thread

from sandbox.isolation import Isolation, IsolationLevel
from sandbox.packs.admission import admit
from sandbox.packs.reading import Pack
from sandbox.state.world import state_digest
from sandbox.types import (
    Execution,
    Fault,
    FaultKind,
    Snapshot,
    Step,
    Trajectory,
)
from sandbox.workers.answers import read_executions
from sandbox.workers.deaths import WorkerDeath, WorkerDied
from sandbox.workers.pool import WorkerPool, open_pool
from sandbox.workers.pooled import LoadedPack
from sandbox.workers.wire import pack_message, write_trajectory

__all__ = ["ProcessRuntime", "Runtime", "open_runtime", "run"]

BATCH_SIZE = 16
BATCHES_PER_WORKER = 2
CALLS_PER_MESSAGE = 1_000
PARTS_OF_TOO_LONG = 8
BATCH_SECONDS = 20.0
CALL_SECONDS = 5.0


class Runtime(Protocol):
    """Executes trajectories of a pack's tools.

    ``run`` gives one execution per trajectory, in order, each with one step per call.  What a tool does wrong
    is a ``Fault`` in there.  Raises ``UnknownWorld`` for a start that the pack does not have, ``PackError``
    for a pack that cannot be loaded, ``IsolationError`` when no worker can be had.
    """

    @property
    def isolation(self) -> Isolation: ...

    async def run(
        self, pack: Pack, trajectories: Sequence[Trajectory], *, strict: bool = False
    ) -> tuple[Execution, ...]: ...


class ProcessRuntime:
    """The runtime of confined worker processes.  Use ``open_runtime``."""

    def __init__(
        self,
        pool: WorkerPool,
        *,
        batch_seconds: float,
        call_seconds: float,
        required: IsolationLevel,
        trusted: Collection[str] = frozenset(),
    ) -> None:
        self._pool = pool
        self._required = required
        self._trusted = trusted
        self._batch_seconds = batch_seconds
        self._call_seconds = call_seconds
        self._packs: dict[str, LoadedPack] = {}

    @property
    def isolation(self) -> Isolation:
        """What confines the workers here."""
        return self._pool.isolation

    async def run(
        self, pack: Pack, trajectories: Sequence[Trajectory], *, strict: bool = False
    ) -> tuple[Execution, ...]:
        """Execute trajectories, each on a world of its own (see ``Runtime``).

        ``strict`` turns into faults what the runtime otherwise makes good (see ``packs check``).
        """
        for world in {one.start for one in trajectories if isinstance(one.start, str)}:
            pack.world(world)
        loaded = self._loaded(pack)
        size = max(1, min(BATCH_SIZE, -(-len(trajectories) // self._pool.workers)))
        if len(trajectories) == 1:
            return tuple(await self._run_batch(pack, loaded, trajectories, strict=strict))
        results: list[Execution | None] = [None] * len(trajectories)
        batches = iter(range(0, len(trajectories), size))

        async def run_batches() -> None:
            for first in batches:
                part = trajectories[first : first + size]
                results[first : first + size] = await self._run_batch(pack, loaded, part, strict=strict)

        # Two for each worker: while it executes a batch of the one, the other reads and sends the next ahead.
        async with anyio.create_task_group() as tasks:
            for _ in range(min(-(-len(trajectories) // size), BATCHES_PER_WORKER * self._pool.workers)):
                tasks.start_soon(run_batches)
        return tuple(result for result in results if result is not None)

    async def inspect(self, pack: Pack) -> Mapping[str, Any]:
        """Compile a pack's code on a worker; give its functions' ``signatures`` and any ``violation``."""
        parts = await self._pool.inspect(self._loaded(pack))
        return {
            "signatures": {name: names for part in parts for name, names in part["signatures"].items()},
            "violation": next((part["violation"] for part in parts if part["violation"]), None),
        }

    def admit(self, pack: Pack) -> None:
        """Raise ``IsolationError`` unless this pack may run with the isolation that there is here."""
        admit(pack, self.isolation, self._required)

    def _loaded(self, pack: Pack) -> LoadedPack:
        if pack.digest not in self._packs:
            self.admit(pack)
            self._packs[pack.digest] = pack_message(pack, trusted=pack.digests <= frozenset(self._trusted))
        return self._packs[pack.digest]

    async def _run_batch(
        self, pack: Pack, loaded: LoadedPack, batch: Sequence[Trajectory], *, strict: bool
    ) -> list[Execution]:
        if any(len(trajectory.calls) > CALLS_PER_MESSAGE for trajectory in batch):
            return [
                await self._run_in_parts(pack, loaded, one, CALLS_PER_MESSAGE, strict=strict) for one in batch
            ]
        entries = [write_trajectory(trajectory, pack) for trajectory in batch]
        try:
            return await self._pool.run(
                loaded,
                entries,
                lambda answers: read_executions(batch, pack, answers),
                seconds=self._batch_seconds,
                strict=strict,
            )
        except WorkerDied as death:
            if len(batch) == 1:
                (one,) = batch
                if death.cause is WorkerDeath.TOO_LONG and len(one.calls) > 1:
                    most = -(-len(one.calls) // PARTS_OF_TOO_LONG)
                    return [await self._run_in_parts(pack, loaded, one, most, strict=strict)]
                return [await self._run_call_by_call(pack, loaded, one, strict=strict)]
        # One of them is guilty: alone it names itself and harms no other.
        return [
            execution
            for trajectory in batch
            for execution in await self._run_batch(pack, loaded, [trajectory], strict=strict)
        ]

    async def _run_in_parts(
        self, pack: Pack, loaded: LoadedPack, trajectory: Trajectory, most: int, *, strict: bool
    ) -> Execution:
        """Run a trajectory a message after another, ``most`` calls in each, from where the last one ended."""
        done: list[Execution] = []
        part = replace(trajectory, keep_final=True)
        for first in range(0, len(trajectory.calls), most):
            start = done[-1].final if done else trajectory.start
            part = replace(part, start=start, calls=trajectory.calls[first : first + most])
            done += await self._run_batch(pack, loaded, [part], strict=strict)
        whole = Execution.joined(done)
        return whole if trajectory.keep_final else replace(whole, kept_final=None)

    async def _run_call_by_call(
        self, pack: Pack, loaded: LoadedPack, trajectory: Trajectory, *, strict: bool
    ) -> Execution:
        here = _opened(pack, trajectory.start)
        steps: list[Step] = []
        for call in trajectory.calls:
            single = Trajectory(start=here, calls=(call,), faults=trajectory.faults, keep_snapshots=True)
            try:
                execution = await self._one_call(pack, loaded, single, strict=strict)
                step, here = execution.steps[0], execution.final
            except WorkerDied as death:
                here = _after_death(here)
                step = Step(outcome=_fault_of(death), state_digest=state_digest(here.state), snapshot=here)
            steps.append(
                step
                if trajectory.keep_snapshots
                else Step(outcome=step.outcome, state_digest=step.state_digest, steps_used=step.steps_used)
            )
        return Execution.of(
            steps,
            final_state_digest=state_digest(here.state),
            kept_final=here if trajectory.keep_final else None,
        )

    async def _one_call(
        self, pack: Pack, loaded: LoadedPack, single: Trajectory, *, strict: bool
    ) -> Execution:
        executions = await self._pool.run(
            loaded,
            [write_trajectory(single, pack)],
            lambda answers: read_executions([single], pack, answers),
            seconds=self._call_seconds,
            strict=strict,
        )
        return executions[0]


@asynccontextmanager
async def open_runtime(
    *,
    workers: int = 2,
    required: IsolationLevel | str = IsolationLevel.STRONG,
    batch_seconds: float = BATCH_SECONDS,
    call_seconds: float = CALL_SECONDS,
    trusted: Collection[str] = frozenset(),
) -> AsyncIterator[ProcessRuntime]:
    """Start confined workers and give the runtime on them; they end with the context.

    Packs whose digests are ``trusted`` (see ``pinned_digests``) take the trusted lane: in the same confined
    workers, but with their code as it was written, neither metered nor looked over.  It does the same, but
    faster.

    A batch that takes longer than ``batch_seconds`` is run again call by call, with ``call_seconds`` each.
    A pack that does not ship with this program needs workers that are confined as ``required``; running it on
    less raises ``IsolationError``.
    """
    async with open_pool(workers=workers) as pool:
        yield ProcessRuntime(
            pool,
            batch_seconds=batch_seconds,
            call_seconds=call_seconds,
            required=IsolationLevel(required),
            trusted=trusted,
        )


def run(pack: Pack, trajectories: Sequence[Trajectory], *, workers: int = 1) -> tuple[Execution, ...]:
    """Execute trajectories and wait for them, from synchronous code or beside a running event loop."""

    async def execute() -> tuple[Execution, ...]:
        async with open_runtime(workers=workers) as runtime:
            return await runtime.run(pack, trajectories)

    with anyio.from_thread.start_blocking_portal() as portal:
        return portal.call(execute)


def _opened(pack: Pack, start: str | Snapshot) -> Snapshot:
    return Snapshot(world=start, state=pack.world(start)) if isinstance(start, str) else start


def _after_death(snapshot: Snapshot) -> Snapshot:
    return Snapshot(
        world=snapshot.world,
        state=snapshot.state,
        counters=snapshot.counters,
        calls_made=snapshot.calls_made + 1,
    )


def _fault_of(death: WorkerDied) -> Fault:
    match death.cause:
        case WorkerDeath.LATE:
            return Fault(FaultKind.TIMEOUT, "timeout", f"the call was stopped: {death.detail}")
        case WorkerDeath.MEMORY:
            return Fault(FaultKind.MEMORY, "memory", "the call asked for more memory than a worker has")
        case WorkerDeath.CRASHED | WorkerDeath.TOO_LONG:
            return Fault(FaultKind.CRASH, "crash", death.detail)
