"""The attempts that a run makes."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.quota import Quota


def shortest_prefix(accepts: list[bool], wanted: int) -> int:
    """How many attempts from the first one on hold ``wanted`` accepted ones; all if none do."""
    held = 0
    for number, accepted in enumerate(accepts):
        if held == wanted:
            return number
        held += accepted
    return len(accepts)


async def handed_out(accepts: list[bool], wanted: int, ends: st.DataObject) -> list[int]:
    """Run a quota whose attempts end in an order that Hypothesis draws; fail if it gets stuck."""
    quota = Quota(wanted, most=len(accepts))
    given_out: list[int] = []
    live: list[int] = []
    finished = anyio.Event()

    async def take() -> None:
        async for number in quota.numbers():
            given_out.append(number)
            live.append(number)
        finished.set()

    async with anyio.create_task_group() as group:
        group.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        while live:
            ended = live.pop(ends.draw(st.integers(0, len(live) - 1)))
            quota.ended(accepted=accepts[ended])
            if ends.draw(st.booleans()):  # several may end before the taker runs again
                await anyio.wait_all_tasks_blocked()
            if not live:
                await anyio.wait_all_tasks_blocked()
        assert finished.is_set(), "no attempt is open, and yet the quota waits"
    return given_out


@given(accepts=st.lists(st.booleans(), min_size=1, max_size=20), wanted=st.integers(1, 8), ends=st.data())
def test_the_attempts_made_are_the_shortest_prefix_that_holds_enough_accepted(
    accepts: list[bool], wanted: int, ends: st.DataObject
) -> None:
    numbers = anyio.run(handed_out, accepts, wanted, ends)
    assert numbers == list(range(shortest_prefix(accepts, wanted)))


@pytest.mark.parametrize("most", [1, 3])
async def test_no_more_than_the_most_are_handed_out_however_few_are_accepted(most: int) -> None:
    quota = Quota(5, most=most)
    numbers = []
    async for number in quota.numbers():
        numbers.append(number)
        quota.ended(accepted=False)
    assert numbers == list(range(most))


async def test_a_closed_quota_waits_for_no_attempt_that_is_open() -> None:
    quota = Quota(2, most=9)
    numbers = []
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:

            async def take() -> None:
                numbers.extend([number async for number in quota.numbers()])

            group.start_soon(take)
            await anyio.wait_all_tasks_blocked()
            quota.close()
    assert numbers == [0, 1]
