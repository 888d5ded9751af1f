"""Many jobs at once, each ended exactly once; memory is set by the live ones, never by how many there are."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Literal, TypeVar

import anyio
from anyio.abc import TaskGroup

from engine.budget import Budget
from engine.control import RunControl
from engine.errors import BudgetSpent, EngineError, ModelError, UnusableModel
from engine.events import EventStream, JobEnded, JobStarted, RunEnded, RunStarted

__all__ = ["Done", "Failed", "Job", "RunSummary", "StopReason", "run_jobs"]

PayloadT = TypeVar("PayloadT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Generic[PayloadT]):
    """One piece of work, usually a dialogue.

    ``key`` names it in the journal; of two that wait at a gate, the one of lower ``order`` goes first.
    """

    key: str
    order: int
    payload: PayloadT


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[PayloadT, ResultT]):
    """The job ended with a result."""

    job: Job[PayloadT]
    result: ResultT


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Generic[PayloadT]):
    """The job ended with an error that costs only this job."""

    job: Job[PayloadT]
    error: Exception


class StopReason(StrEnum):
    """Why no further job was begun."""

    NO_MORE_JOBS = "no_more_jobs"
    BUDGET_SPENT = "budget_spent"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """How a run ended.  ``unfinished`` jobs met the end of the budget; begin them again to go on."""

    done: int
    failed: int
    unfinished: int
    stop: StopReason
    wall_seconds: float


async def run_jobs(
    jobs: Iterable[Job[PayloadT]] | AsyncIterable[Job[PayloadT]],
    work: Callable[[Job[PayloadT]], Awaitable[ResultT]],
    *,
    width: int,
    events: EventStream | None = None,
    budget: Budget | None = None,
    on_end: Callable[[Done[PayloadT, ResultT] | Failed[PayloadT]], Awaitable[None]] | None = None,
    job_errors: tuple[type[Exception], ...] = (),
    control: RunControl | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> RunSummary:
    """Run ``work`` on every job, at most ``width`` at once, and hand each end to ``on_end``.

    A ``ModelError`` or one of ``job_errors`` costs its job.  ``BudgetSpent`` leaves its job unfinished and
    stops the run: no new job begins, those that are live go on as long as the budget lets them.
    ``UnusableModel``, ``JournalError`` and everything unforeseen stop the whole run at once and are raised
    here, as themselves.
    ``jobs`` is read only as fast as jobs begin; none begins while ``control`` is paused.
    """
    if width < 1:
        raise ValueError(f"at least one job must be allowed to live, not {width}")
    run = _Run(
        work, width, events or EventStream(), budget, on_end, (ModelError, *job_errors), control, clock
    )
    async with aclosing(_stream(jobs)) as source:
        try:
            async with anyio.create_task_group() as group:
                # Not in this task: asyncio's Ctrl-C and timeouts strike the one that waits, shields or not.
                group.start_soon(run.work_off, source, group)
        except BaseExceptionGroup as errors:
            raise _the_error(errors) from None
    return run.end()


class _Run(Generic[PayloadT, ResultT]):
    """The state of one call of ``run_jobs``."""

    def __init__(
        self,
        work: Callable[[Job[PayloadT]], Awaitable[ResultT]],
        width: int,
        events: EventStream,
        budget: Budget | None,
        on_end: Callable[[Done[PayloadT, ResultT] | Failed[PayloadT]], Awaitable[None]] | None,
        job_errors: tuple[type[Exception], ...],
        control: RunControl | None,
        clock: Callable[[], float],
    ) -> None:
        self._work = work
        self._width = width
        self._workers = 0
        self._reading = anyio.Lock(fast_acquire=True)
        self._events = events
        self._budget = budget
        self._on_end = on_end
        self._job_errors = job_errors
        self._control = control
        self._clock = clock
        self._done = 0
        self._failed = 0
        self._unfinished = 0
        self._stop = StopReason.NO_MORE_JOBS
        self._began_at = clock()
        events.emit(RunStarted(width=width))

    async def work_off(self, source: AsyncIterator[Job[PayloadT]], group: TaskGroup) -> None:
        """Be one worker: run job after job until there are no more or the budget says stop.

        Each worker that finds a job starts the next worker, so there are never more than are needed.
        """
        self._workers += 1
        is_last = True
        while (job := await self._next(source)) is not None:
            if is_last and self._workers < self._width:
                group.start_soon(self.work_off, source, group)
            is_last = False
            await self._live(job)

    def end(self) -> RunSummary:
        seconds = self._clock() - self._began_at
        self._events.emit(
            RunEnded(
                done=self._done,
                failed=self._failed,
                unfinished=self._unfinished,
                stop=self._stop.value,
                seconds=seconds,
            )
        )
        return RunSummary(
            done=self._done,
            failed=self._failed,
            unfinished=self._unfinished,
            stop=self._stop,
            wall_seconds=seconds,
        )

    async def _next(self, source: AsyncIterator[Job[PayloadT]]) -> Job[PayloadT] | None:
        """Read the next job and open it; one worker at a time, so that jobs begin in order."""
        async with self._reading:
            if self._control is not None and self._control.is_paused:
                await self._control.may_begin()
            if self._stop is StopReason.BUDGET_SPENT:
                return None
            job = await anext(source, None)
            if job is None or self._budget is None or await self._budget.open_dialogue(job.order):
                return job
            self._stop = StopReason.BUDGET_SPENT
            return None

    async def _live(self, job: Job[PayloadT]) -> None:
        """Run one job from its start to its end."""
        self._events.emit(JobStarted(key=job.key, order=job.order))
        began_at = self._clock()
        try:
            ended = await self._attempt(job)
            if ended is not None and self._on_end is not None:
                await self._on_end(ended)
        finally:
            if self._budget is not None:
                self._budget.close_dialogue(job.order)
        self._count(job, ended, self._clock() - began_at)

    async def _attempt(self, job: Job[PayloadT]) -> Done[PayloadT, ResultT] | Failed[PayloadT] | None:
        try:
            return Done(job=job, result=await self._work(job))
        except UnusableModel:
            raise
        except BudgetSpent:
            self._stop = StopReason.BUDGET_SPENT
            return None
        except self._job_errors as error:
            return Failed(job=job, error=error)

    def _count(
        self, job: Job[PayloadT], ended: Done[PayloadT, ResultT] | Failed[PayloadT] | None, seconds: float
    ) -> None:
        outcome: Literal["done", "failed", "unfinished"]
        error = None
        match ended:
            case Done():
                self._done += 1
                outcome = "done"
            case Failed():
                self._failed += 1
                outcome = "failed"
                error = str(ended.error)
            case None:
                self._unfinished += 1
                outcome = "unfinished"
        self._events.emit(
            JobEnded(key=job.key, order=job.order, outcome=outcome, seconds=seconds, error=error)
        )


async def _stream(
    jobs: Iterable[Job[PayloadT]] | AsyncIterable[Job[PayloadT]],
) -> AsyncGenerator[Job[PayloadT], None]:
    if isinstance(jobs, AsyncIterable):
        async for job in jobs:
            yield job
    else:
        for job in jobs:
            yield job


def _the_error(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give the one error that stopped the run; a group only if several unforeseen ones came at once."""
    leaves = _leaves(errors)
    known = [leaf for leaf in leaves if isinstance(leaf, EngineError)]
    if len(leaves) == 1 or len(known) == len(leaves):
        return leaves[0]
    return errors


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
