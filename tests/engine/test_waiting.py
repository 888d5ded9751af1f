"""The line before a gate."""

from __future__ import annotations

import asyncio
import math

import anyio
import pytest

from engine import BudgetSpent
from engine.testing import run_in_virtual_time
from engine.waiting import WaitingLine


class Tokens:
    """A gate with so many places."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.line = WaitingLine[int](self.take, self.give)

    def take(self, need: int) -> float | None:
        if need > 100:
            raise BudgetSpent("never")
        if need > self.free:
            return math.inf
        self.free -= need
        return None

    def give(self, need: int) -> None:
        self.free += need

    def release(self, need: int) -> None:
        self.give(need)
        self.line.admit()


async def test_the_oldest_dialogue_goes_first_and_within_it_the_first_to_arrive() -> None:
    gate = Tokens(0)
    served: list[str] = []

    async def wait(name: str, order: int) -> None:
        await gate.line.enter(order, 1)
        served.append(name)

    async with anyio.create_task_group() as group:
        for name, order in (("young", 9), ("old a", 1), ("middle", 5), ("old b", 1)):
            group.start_soon(wait, name, order)
            await anyio.wait_all_tasks_blocked()
        for _ in range(4):
            gate.release(1)
            await anyio.wait_all_tasks_blocked()
    assert served == ["old a", "old b", "middle", "young"]


async def test_a_large_need_at_the_head_is_not_overtaken_by_small_ones() -> None:
    gate = Tokens(0)
    served: list[int] = []

    async def wait(need: int, order: int) -> None:
        await gate.line.enter(order, need)
        served.append(need)

    async with anyio.create_task_group() as group:
        group.start_soon(wait, 3, 0)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(wait, 1, 1)
        await anyio.wait_all_tasks_blocked()
        gate.release(1)
        await anyio.wait_all_tasks_blocked()
        assert served == []
        gate.release(2)
        await anyio.wait_all_tasks_blocked()
        assert served == [3]
        gate.release(1)
    assert served == [3, 1]


async def test_a_waiter_cancelled_after_its_grant_passes_the_grant_on() -> None:
    gate = Tokens(0)
    served: list[str] = []

    async def wait(name: str) -> None:
        await gate.line.enter(0, 1)
        served.append(name)

    first = asyncio.create_task(wait("first"))
    await anyio.wait_all_tasks_blocked()
    second = asyncio.create_task(wait("second"))
    await anyio.wait_all_tasks_blocked()
    gate.release(1)  # grants to the first, which cannot have woken yet
    first.cancel()  # as a time-out does; an anyio scope would let the grant win
    with anyio.fail_after(5):
        await second
    assert served == ["second"]
    assert gate.free == gate.line.waiting == 0


async def test_a_cancelled_head_lets_the_next_one_try() -> None:
    gate = Tokens(1)
    served: list[int] = []

    async def wait(need: int, scope: anyio.CancelScope) -> None:
        with scope:
            await gate.line.enter(0, need)
            served.append(need)

    head = anyio.CancelScope()
    async with anyio.create_task_group() as group:
        group.start_soon(wait, 5, head)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(wait, 1, anyio.CancelScope())
        await anyio.wait_all_tasks_blocked()
        assert served == []
        head.cancel()
    assert served == [1]


async def test_a_refusal_reaches_the_waiter_and_the_line_moves_on() -> None:
    gate = Tokens(0)
    with pytest.raises(BudgetSpent):
        await gate.line.enter(0, 101)
    assert gate.line.waiting == 0
    gate.release(1)
    await gate.line.enter(0, 1)


def test_a_waiter_for_a_time_sleeps_once_and_does_not_poll() -> None:
    asked: list[float] = []

    async def main() -> float:
        opens_at = anyio.current_time() + 3600

        def take(_: int) -> float | None:
            asked.append(anyio.current_time())
            return None if anyio.current_time() >= opens_at else opens_at

        line = WaitingLine[int](take, lambda _: None, clock=anyio.current_time)
        await line.enter(0, 1)
        return anyio.current_time() - opens_at

    late = run_in_virtual_time(main)
    assert 0 <= late < 0.01
    assert len(asked) <= 4
