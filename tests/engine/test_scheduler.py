"""Many jobs at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import (
    Amount,
    Budget,
    BudgetLimits,
    ChatClient,
    Done,
    Event,
    EventStream,
    Failed,
    Gates,
    Job,
    JobEnded,
    JournalError,
    RefusedRequest,
    RunEnded,
    StopReason,
    TransientError,
    UnusableModel,
    run_jobs,
)
from engine.testing import ScriptedModel, request, run_in_virtual_time


def jobs(count: int) -> Iterator[Job[int]]:
    return (Job(key=f"job-{n}", order=n, payload=n) for n in range(count))


@settings(max_examples=50)
@given(
    count=st.integers(0, 30),
    width=st.integers(1, 8),
    seconds=st.lists(st.floats(0, 5), min_size=30, max_size=30),
    fails=st.sets(st.integers(0, 29)),
)
def test_each_job_ends_exactly_once_and_never_more_live_than_the_width(
    count: int, width: int, seconds: list[float], fails: set[int]
) -> None:
    ended: list[int] = []
    live = most = 0

    async def work(job: Job[int]) -> int:
        nonlocal live, most
        live += 1
        most = max(most, live)
        await anyio.sleep(seconds[job.payload])
        live -= 1
        if job.payload in fails:
            raise RefusedRequest("no")
        return job.payload

    async def on_end(end: Done[int, int] | Failed[int]) -> None:
        assert isinstance(end, Failed) == (end.job.payload in fails)
        ended.append(end.job.payload)

    async def main() -> None:
        summary = await run_jobs(jobs(count), work, width=width, on_end=on_end)
        assert summary.done + summary.failed == count
        assert summary.stop is StopReason.NO_MORE_JOBS

    run_in_virtual_time(main)
    assert sorted(ended) == list(range(count))
    assert most <= width


async def test_jobs_are_read_only_as_fast_as_they_begin() -> None:
    read = 0
    ahead: list[int] = []

    def source() -> Iterator[Job[int]]:
        nonlocal read
        for job in jobs(1000):
            read += 1
            yield job

    async def work(job: Job[int]) -> None:
        ahead.append(read - job.payload)
        await anyio.lowlevel.checkpoint()

    await run_jobs(source(), work, width=5)
    assert max(ahead) <= 10


async def test_jobs_may_come_from_an_async_source() -> None:
    async def source() -> AsyncIterator[Job[int]]:
        for job in jobs(7):
            await anyio.lowlevel.checkpoint()
            yield job

    async def work(job: Job[int]) -> int:
        return job.payload

    assert (await run_jobs(source(), work, width=3)).done == 7


async def test_the_caller_says_which_of_its_own_errors_cost_only_a_job() -> None:
    class BadDraftError(Exception): ...

    async def work(job: Job[int]) -> None:
        if job.payload == 1:
            raise BadDraftError("one")

    summary = await run_jobs(jobs(3), work, width=2, job_errors=(BadDraftError,))
    assert (summary.done, summary.failed) == (2, 1)
    with pytest.raises(BadDraftError):
        await run_jobs(jobs(3), work, width=2)


@pytest.mark.parametrize(
    "error", [UnusableModel("wrong key"), JournalError("disk full"), ZeroDivisionError("a bug")]
)
async def test_what_no_job_survives_stops_the_run_and_is_raised_as_itself(error: Exception) -> None:
    began: list[int] = []

    async def work(job: Job[int]) -> None:
        began.append(job.payload)
        if job.payload == 2:
            raise error
        await anyio.sleep_forever()

    with anyio.fail_after(5), pytest.raises(type(error)) as caught:
        await run_jobs(jobs(100), work, width=4)
    assert caught.value is error
    assert len(began) <= 4


async def test_two_workers_that_meet_the_same_wrong_key_raise_one_error() -> None:
    together = anyio.Event()

    async def work(job: Job[int]) -> None:
        if job.payload == 1:
            together.set()
        await together.wait()
        raise UnusableModel("wrong key")

    with pytest.raises(UnusableModel):
        await run_jobs(jobs(2), work, width=2)


async def test_cancellation_passes_through_and_ends_every_job() -> None:
    ended: list[int] = []

    async def work(job: Job[int]) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(job.payload)

    with anyio.move_on_after(0.01) as scope:
        await run_jobs(jobs(10), work, width=3)
    assert scope.cancelled_caught
    assert sorted(ended) == [0, 1, 2]


async def test_asyncio_s_cancellation_which_knows_no_shields_strikes_no_job() -> None:
    shielded = anyio.Event()
    may_end = anyio.Event()
    ended: list[int] = []

    async def work(job: Job[int]) -> None:
        with anyio.CancelScope(shield=True):
            shielded.set()
            await may_end.wait()
            ended.append(job.payload)
        await anyio.sleep_forever()

    run = asyncio.create_task(run_jobs(jobs(1), work, width=1))
    await shielded.wait()
    run.cancel()
    await anyio.lowlevel.checkpoint()
    may_end.set()
    await asyncio.wait([run])
    assert run.cancelled()
    assert ended == [0]


async def test_when_the_budget_is_spent_open_jobs_finish_and_the_run_says_why_it_stopped() -> None:
    events = EventStream()
    seen: list[Event] = []
    events.subscribe(seen.append)
    budget = Budget(BudgetLimits(requests=10), expected=Amount(3, 0, 0), events=events)
    client = ChatClient(ScriptedModel(), gates=Gates(budget=budget), events=events)

    async def work(job: Job[int]) -> int:
        model = client.for_job(job.order)
        for n in range(3):
            await model.complete(request(f"{job.key} {n}"))
        return job.payload

    summary = await run_jobs(jobs(50), work, width=8, budget=budget, events=events)
    assert summary.stop is StopReason.BUDGET_SPENT
    assert (summary.done, summary.failed, summary.unfinished) == (3, 0, 0)
    assert budget.statistics().spent.requests == 9
    assert isinstance(seen[-1], RunEnded)


async def test_a_job_that_meets_the_end_of_the_budget_is_unfinished_and_not_failed() -> None:
    budget = Budget(BudgetLimits(requests=2))
    client = ChatClient(ScriptedModel(), gates=Gates(budget=budget))
    ended: list[str] = []
    events = EventStream()
    seen: list[Event] = []
    events.subscribe(seen.append)

    async def work(job: Job[int]) -> None:
        for n in range(5):
            await client.for_job(job.order).complete(request(f"{job.key} {n}"))

    async def on_end(end: Done[int, None] | Failed[int]) -> None:
        ended.append(end.job.key)

    summary = await run_jobs(jobs(9), work, width=1, budget=budget, on_end=on_end, events=events)
    assert (summary.done, summary.failed, summary.unfinished) == (0, 0, 1)
    assert summary.stop is StopReason.BUDGET_SPENT
    assert ended == []
    assert [event.outcome for event in seen if isinstance(event, JobEnded)] == ["unfinished"]


async def test_a_transient_error_that_outlived_its_retries_costs_its_job() -> None:
    async def work(job: Job[int]) -> None:
        raise TransientError(f"{job.key}: still down")

    assert (await run_jobs(jobs(2), work, width=1)).failed == 2


async def test_a_width_of_nothing_is_refused() -> None:
    async def work(job: Job[int]) -> None: ...

    with pytest.raises(ValueError, match="at least one"):
        await run_jobs(jobs(1), work, width=0)
