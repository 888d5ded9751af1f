"""The purse of a run."""

from __future__ import annotations

import anyio
import pytest

from engine import (
    Amount,
    Budget,
    BudgetLimits,
    BudgetRanShort,
    BudgetSpent,
    Event,
    EventStream,
    Price,
    UnknownPrice,
    Usage,
    price_of,
)
from engine.prices import most_prompt_tokens
from engine.testing import request

CHEAP = Price(prompt_usd_per_million=0.15, completion_usd_per_million=0.6)


async def test_a_pledge_is_the_worst_case_and_settling_pays_what_it_really_cost() -> None:
    budget = Budget(BudgetLimits(tokens=10_000), price=CHEAP)
    pledge = await budget.pledge(0, request("Hello", max_tokens=100))
    assert budget.statistics().pledged.tokens == most_prompt_tokens(request("Hello")) + 100
    pledge.settle(Usage(prompt_tokens=10, completion_tokens=20))
    assert budget.statistics().spent == Amount(1, 30, 10 * 150_000 + 20 * 600_000)
    assert budget.statistics().pledged == Amount()
    assert budget.statistics().usd == pytest.approx(13.5e-6)


async def test_a_refund_costs_nothing_and_a_pledge_ends_only_once() -> None:
    budget = Budget(BudgetLimits(requests=1))
    pledge = await budget.pledge(0, request())
    pledge.refund()
    assert budget.statistics().spent == Amount()
    with pytest.raises(RuntimeError, match="twice"):
        pledge.settle(Usage())


async def test_a_request_waits_while_only_pledges_stand_in_its_way() -> None:
    budget = Budget(BudgetLimits(requests=1))
    first = await budget.pledge(0, request())
    got: list[str] = []

    async def second() -> None:
        pledge = await budget.pledge(1, request())
        got.append("second")
        pledge.refund()

    async with anyio.create_task_group() as group:
        group.start_soon(second)
        await anyio.wait_all_tasks_blocked()
        assert got == []
        first.refund()
    assert got == ["second"]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (BudgetLimits(requests=1), "1 requests is spent"),
        (BudgetLimits(tokens=100), "100 tokens cannot pay"),
        (BudgetLimits(usd=0.00001), "US dollars is spent"),
    ],
)
async def test_what_can_never_be_paid_is_refused_in_words_that_name_the_limit(
    limits: BudgetLimits, words: str
) -> None:
    budget = Budget(limits, price=CHEAP)

    async def spend() -> None:
        pledge = await budget.pledge(0, request(max_tokens=40))
        pledge.settle(Usage(prompt_tokens=30, completion_tokens=40))

    async def spend_twice() -> None:
        await spend()
        await spend()

    with pytest.raises(BudgetSpent, match=words):
        await spend_twice()


async def test_a_limit_in_dollars_without_a_price_is_refused_at_once() -> None:
    with pytest.raises(UnknownPrice, match="price"):
        Budget(BudgetLimits(usd=1.0), price=price_of("nobody/knows"))


async def test_without_a_price_the_spent_dollars_are_unknown_and_not_zero() -> None:
    assert Budget(BudgetLimits(tokens=10)).statistics().usd is None


async def test_usage_beyond_the_pledge_is_booked_and_shown() -> None:
    budget = Budget(BudgetLimits(tokens=1000))
    pledge = await budget.pledge(0, request("x", max_tokens=1))
    pledge.settle(Usage(prompt_tokens=900, completion_tokens=1))
    assert budget.statistics().spent.tokens == 901
    assert budget.statistics().overrun.tokens > 800


async def test_no_new_dialogue_opens_on_what_the_open_ones_still_need() -> None:
    events = EventStream()
    seen: list[Event] = []
    events.subscribe(seen.append)
    budget = Budget(BudgetLimits(requests=10), expected=Amount(4, 0, 0), events=events)
    assert await budget.open_dialogue(0)
    assert await budget.open_dialogue(1)  # 8 of 10 are now spoken for
    with anyio.move_on_after(0.01) as scope:
        await budget.open_dialogue(2)
    assert scope.cancelled_caught
    assert isinstance(seen[-1], BudgetRanShort)
    assert seen[-1].open_dialogues == 2


async def test_a_dialogue_that_ends_cheaply_makes_room_for_another() -> None:
    budget = Budget(BudgetLimits(requests=10), expected=Amount(5, 0, 0))
    assert await budget.open_dialogue(0)
    opened: list[bool] = []

    async def open_another() -> None:
        opened.append(await budget.open_dialogue(1))
        opened.append(await budget.open_dialogue(2))

    async with anyio.create_task_group() as group:
        group.start_soon(open_another)
        await anyio.wait_all_tasks_blocked()
        assert opened == [True]
        (await budget.pledge(0, request())).settle(Usage())
        budget.close_dialogue(0)
    assert opened == [True, True]


async def test_once_a_request_was_refused_no_dialogue_opens_any_more() -> None:
    budget = Budget(BudgetLimits(tokens=100))
    assert await budget.open_dialogue(0)
    with pytest.raises(BudgetSpent):
        await budget.pledge(0, request(max_tokens=1000))
    assert not await budget.open_dialogue(1)


async def test_what_earlier_sessions_spent_counts() -> None:
    budget = Budget(BudgetLimits(requests=5), spent=Amount(5, 100, 0))
    with pytest.raises(BudgetSpent):
        await budget.pledge(0, request())
    assert not await budget.open_dialogue(0)
