"""A request is sent to a worker that still works on another: what becomes of it, whatever becomes of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
import anyio.lowlevel
import pytest

from sandbox import Call, Execution, Fault, FaultKind, Pack, ProcessRuntime, Trajectory, open_runtime
from sandbox.testing import make_pack, make_tool

SOURCE = """
def spin(state, ctx):
    while True:
        pass

def count(state, ctx):
    state["t"]["n"] += 1
    return state["t"]["n"]

def work(state, ctx):
    return sum(1 for _ in range(20_000))
"""
TOOLS = (*(make_tool(name, touches=()) for name in ("spin", "work")), make_tool("count", touches=("t",)))
PACK = make_pack(SOURCE, TOOLS, world={"t": {"n": 0}})
OTHER = make_pack(SOURCE + "\n", TOOLS, world={"t": {"n": 5}})
SPIN = Trajectory(start="only", calls=(Call(name="spin"),))
COUNT = Trajectory(start="only", calls=(Call(name="count"),) * 2)


def faults(executions: Sequence[Execution]) -> list[FaultKind]:
    return [step.outcome.kind for run in executions for step in run.steps if isinstance(step.outcome, Fault)]


async def until_open(runtime: ProcessRuntime) -> None:
    await until(lambda: any(worker.open_to_next for worker in runtime._pool._busy))


async def until_sent_ahead(runtime: ProcessRuntime) -> None:
    await until(lambda: any(worker.next for worker in runtime._pool._busy))


async def until(is_so: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not is_so():
            await anyio.lowlevel.checkpoint()


def all_free(runtime: ProcessRuntime) -> bool:
    pool = runtime._pool
    return not pool._busy and pool._slots.value == pool.workers and len(pool._idle) <= pool.workers


async def test_only_the_late_one_of_several_on_a_worker_is_to_blame() -> None:
    found: dict[str, list[FaultKind]] = {}

    async def run(name: str, trajectory: Trajectory) -> None:
        found[name] = faults(await runtime.run(PACK, [trajectory]))

    async with open_runtime(workers=1, trusted={PACK.digest}, batch_seconds=0.3, call_seconds=0.3) as runtime:
        await runtime.run(PACK, [COUNT])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run, "late", SPIN)
            await until_open(runtime)
            tasks.start_soon(run, "next", COUNT)
            await until_sent_ahead(runtime)
            tasks.start_soon(run, "third", COUNT)
        assert found == {"late": [FaultKind.TIMEOUT], "next": [], "third": []}
        assert all_free(runtime)


@pytest.mark.parametrize("first_too", [False, True])
async def test_a_request_sent_ahead_and_cancelled_leaves_nothing_behind(first_too: bool) -> None:
    long = [Trajectory(start="only", calls=(Call(name="work"), Call(name="count")) * 20)]
    found: list[Sequence[Execution]] = []

    async def run_long() -> None:
        found.append(await runtime.run(PACK, long))

    async def run_next() -> None:
        with cancelled:
            await runtime.run(PACK, [COUNT])

    async with open_runtime(workers=1) as runtime:
        expected = await runtime.run(PACK, long), await runtime.run(PACK, [COUNT])
        cancelled = anyio.CancelScope()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_long)
            await until_open(runtime)
            tasks.start_soon(run_next)
            await until_sent_ahead(runtime)
            (tasks.cancel_scope if first_too else cancelled).cancel()
        assert found == ([] if first_too else [expected[0]])
        assert all_free(runtime)
        assert (await runtime.run(PACK, long), await runtime.run(PACK, [COUNT])) == expected


async def test_a_pack_without_end_does_not_keep_another_from_the_only_worker() -> None:
    finished: list[str] = []

    async def run(pack: Pack, many: int) -> None:
        await runtime.run(pack, [COUNT] * many)
        finished.append(pack.digest)

    async with open_runtime(workers=1) as runtime:
        await runtime.run(OTHER, [COUNT])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run, PACK, 2_000)
            await until_sent_ahead(runtime)
            tasks.start_soon(run, OTHER, 1)
    assert finished == [OTHER.digest, PACK.digest]


async def test_every_request_lets_other_tasks_have_their_turn() -> None:
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with open_runtime(workers=1) as runtime, anyio.create_task_group() as tasks:
        await runtime.run(PACK, [COUNT])
        tasks.start_soon(take_turns)
        for number in range(50):
            await runtime.run(PACK, [COUNT])
            assert turns > number
        tasks.cancel_scope.cancel()
    assert turns >= 50


async def test_many_that_want_the_same_worker_all_get_it() -> None:
    finished: list[int] = []

    async def run(number: int) -> None:
        for _ in range(10):
            assert not faults(await runtime.run((PACK, OTHER)[number % 2], [COUNT]))
        finished.append(number)

    async with open_runtime(workers=2) as runtime:
        async with anyio.create_task_group() as tasks:
            for number in range(12):
                tasks.start_soon(run, number)
        assert sorted(finished) == list(range(12))
        assert all_free(runtime)
