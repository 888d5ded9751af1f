"""Several awaits at once."""

from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import anyio.lowlevel
import pytest

from toolace_mt.together import all_of


async def after(rounds: int, value: int) -> int:
    for _ in range(rounds):
        await anyio.lowlevel.checkpoint()
    return value


async def failing(rounds: int, error: Exception) -> int:
    await after(rounds, 0)
    raise error


async def test_results_come_in_the_order_of_the_calls_whoever_is_first() -> None:
    assert await all_of([partial(after, rounds, rounds) for rounds in (5, 0, 3, 1)]) == [5, 0, 3, 1]
    assert await all_of([]) == []


async def test_the_first_call_runs_in_the_task_that_waits_for_all_and_before_the_others() -> None:
    ran: list[int] = []

    async def note() -> None:
        ran.append(anyio.get_current_task().id)

    await all_of([note, note, note])
    assert ran[0] == anyio.get_current_task().id
    assert len(set(ran)) == 3


async def test_an_error_is_raised_as_itself_and_the_others_are_cancelled() -> None:
    cancelled = anyio.Event()

    async def endless() -> int:
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()
        return 0

    calls: list[Callable[[], Awaitable[int]]] = [endless, partial(failing, 2, KeyError("x"))]
    with pytest.raises(KeyError, match="x"):
        await all_of(calls)
    assert cancelled.is_set()


async def test_of_two_errors_at_once_one_is_raised_and_no_group() -> None:
    with pytest.raises((KeyError, ValueError)):
        await all_of([partial(failing, 1, KeyError("x")), partial(failing, 1, ValueError("y"))])


async def test_cancelling_the_whole_is_no_error() -> None:
    with anyio.move_on_after(0) as scope:
        await all_of([anyio.sleep_forever])
    assert scope.cancelled_caught


async def test_cancelling_from_outside_reaches_every_call_and_waits_for_its_end() -> None:
    ended: list[int] = []

    async def endless(number: int) -> int:
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await after(3, 0)
            ended.append(number)
        return 0

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(all_of, [partial(endless, number) for number in range(3)])
            await after(5, 0)
            scope.cancel()
    assert scope.cancelled_caught
    assert sorted(ended) == [0, 1, 2]


@pytest.mark.parametrize("place", [0, 1])
async def test_what_is_shielded_is_finished_before_a_cancellation_reaches_it(place: int) -> None:
    finished = False

    async def committing() -> int:
        nonlocal finished
        with anyio.CancelScope(shield=True):
            await after(5, 0)
            finished = True
        return 0

    calls: list[Callable[[], Awaitable[int]]] = [partial(after, 9, 0), partial(after, 9, 0)]
    calls.insert(place, committing)
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(all_of, calls)
            await after(3, 0)
            scope.cancel()
    assert finished


async def test_a_patient_error_waits_for_the_others() -> None:
    ended: list[int] = []

    async def slow() -> int:
        await after(5, 0)
        ended.append(1)
        return 1

    calls: list[Callable[[], Awaitable[int]]] = [partial(failing, 1, KeyError("x")), slow, slow]
    with pytest.raises(KeyError, match="x"):
        await all_of(calls, patient=(KeyError,))
    assert ended == [1, 1]
