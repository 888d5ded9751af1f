"""Whatever happens to requests, in whatever order, the gates lose nothing and let nobody past."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from engine import (
    Abandoned,
    AdaptiveWidth,
    Amount,
    Answered,
    Budget,
    BudgetLimits,
    BudgetSpent,
    GateOutcome,
    Gates,
    Lane,
    Lease,
    Price,
    Refused,
    RequestWindow,
    TokenRate,
    TokensInFlight,
    Usage,
    WidthPolicy,
)
from engine.testing import VirtualTimeLoop, request

LIMITS = BudgetLimits(requests=30, tokens=9_000, usd=0.02)
IN_FLIGHT = 1_500
TOKENS_PER_MINUTE = 4_000
REQUESTS_PER_MINUTE = 12
LARGEST_WIDTH = 6
MINUTE = 60.0


class GateMachine(RuleBasedStateMachine):
    """Dialogues ask, servers answer, refuse, fail or hang, callers give up, time passes."""

    asked: Bundle[asyncio.Task[Lease]] = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualTimeLoop()
        self.tasks: list[asyncio.Task[Lease]] = []
        self.sent: list[tuple[float, int]] = []
        self.in_step(self.build())

    async def build(self) -> None:
        self.budget = Budget(LIMITS, price=Price(prompt_usd_per_million=1.0, completion_usd_per_million=3.0))
        self.gates = Gates(
            budget=self.budget,
            tokens_in_flight=TokensInFlight(IN_FLIGHT),
            token_rate=TokenRate(TOKENS_PER_MINUTE, clock=self.loop.time),
            requests=RequestWindow(
                lanes=[
                    Lane(str(number), width=AdaptiveWidth(WidthPolicy(initial=2, largest=LARGEST_WIDTH // 2)))
                    for number in range(2)
                ],
                requests_per_minute=REQUESTS_PER_MINUTE,
                clock=self.loop.time,
            ),
        )

    def in_step(self, step: Any) -> None:
        """Run one step, and then all that it set off at this moment."""

        async def whole() -> None:
            await step
            for _ in range(20):
                await asyncio.sleep(0)

        self.loop.run_until_complete(whole())

    @rule(
        target=asked,
        order=st.integers(0, 5),
        letters=st.integers(1, 400),
        max_tokens=st.integers(1, 600),
    )
    def ask(self, order: int, letters: int, max_tokens: int) -> asyncio.Task[Lease]:
        async def step() -> None:
            self.tasks.append(
                asyncio.create_task(self.gates.admit(order, request("x" * letters, max_tokens=max_tokens)))
            )

        self.in_step(step())
        return self.tasks[-1]

    @rule(task=consumes(asked), share=st.floats(0, 1), seconds=st.floats(0, 30))
    def answer(self, task: asyncio.Task[Lease], share: float, seconds: float) -> None:
        lease = self.lease_of(task)
        if lease is None:
            return
        self.pass_time(seconds)
        assert lease.pledge is not None
        tokens = int(lease.pledge.amount.tokens * share)
        self.end(lease, Answered(Usage(prompt_tokens=0, completion_tokens=tokens // 3)))

    @rule(task=consumes(asked), retry_after=st.none() | st.floats(0, 90))
    def refuse_for_overload(self, task: asyncio.Task[Lease], retry_after: float | None) -> None:
        lease = self.lease_of(task)
        if lease is not None:
            self.end(lease, Refused(overload=True, retry_after=retry_after))

    @rule(task=consumes(asked), seconds=st.floats(0, 300))
    def break_down_or_time_out(self, task: asyncio.Task[Lease], seconds: float) -> None:
        lease = self.lease_of(task)
        if lease is not None:
            self.pass_time(seconds)
            self.end(lease, Refused())

    @rule(task=consumes(asked))
    def give_up(self, task: asyncio.Task[Lease]) -> None:
        lease = self.lease_of(task)
        if lease is not None:
            self.end(lease, Abandoned())
            return

        async def step() -> None:
            task.cancel()

        self.in_step(step())

    @rule(place=st.integers(0, 5))
    def give_up_just_as_the_grant_arrives(self, place: int) -> None:
        """Free all places and cancel a waiter in the same instant, before it can wake."""
        waiting = [task for task in self.tasks if not task.done()]
        leases = [lease for task in self.tasks if (lease := self.lease_of(task)) is not None]
        if not waiting or not leases:
            return

        async def step() -> None:
            for lease in leases:
                lease.release(Abandoned())
            waiting[place % len(waiting)].cancel()

        self.in_step(step())

    @rule(task=consumes(asked))
    def find_the_endpoint_unusable(self, task: asyncio.Task[Lease]) -> None:
        lease = self.lease_of(task)
        if lease is not None:
            self.end(lease, Refused(is_unusable=True))

    @rule(is_paused=st.booleans())
    def pause_or_go_on(self, *, is_paused: bool) -> None:
        async def step() -> None:
            if is_paused:
                self.gates.requests.pause()
            else:
                self.gates.requests.resume()

        self.in_step(step())

    @rule(width=st.none() | st.integers(1, LARGEST_WIDTH))
    def choose_a_width(self, width: int | None) -> None:
        async def step() -> None:
            self.gates.requests.choose_width(width)

        self.in_step(step())

    @rule(seconds=st.floats(0.1, 100))
    def pass_time(self, seconds: float) -> None:
        self.in_step(asyncio.sleep(seconds))

    @invariant()
    def the_budget_holds(self) -> None:
        statistics = self.budget.statistics()
        total = statistics.spent + statistics.pledged
        assert total.requests <= 30
        assert total.tokens <= 9_000
        assert total.usd <= 0.02
        assert statistics.overrun == Amount()
        assert min(statistics.pledged.requests, statistics.pledged.tokens) >= 0

    @invariant()
    def no_gate_lets_more_through_than_it_says(self) -> None:
        statistics = self.gates.statistics()
        assert 0 <= statistics.requests.in_flight <= LARGEST_WIDTH
        assert statistics.requests.used is not None
        assert statistics.requests.used <= REQUESTS_PER_MINUTE
        assert statistics.tokens_in_flight is not None
        assert 0 <= statistics.tokens_in_flight.in_flight <= IN_FLIGHT

    def lease_of(self, task: asyncio.Task[Lease]) -> Lease | None:
        """Give the lease if the request is at the server and has not ended."""
        if not task.done() or task.cancelled():
            return None
        error = task.exception()
        if error is not None:
            assert isinstance(error, BudgetSpent)
            return None
        lease = task.result()
        return None if lease.is_released else lease

    def end(self, lease: Lease, outcome: GateOutcome) -> None:
        async def step() -> None:
            lease.release(outcome)

        self.in_step(step())

    def teardown(self) -> None:
        """End everything; every waiter is served or refused, and every gate is full again."""
        self.pause_or_go_on(is_paused=False)
        for _ in range(len(self.tasks) * 3 + 3):
            for task in self.tasks:
                lease = self.lease_of(task)
                if lease is not None:
                    self.end(lease, Abandoned())
            self.pass_time(2 * MINUTE)
        assert all(task.done() for task in self.tasks), "a waiter was forgotten"
        statistics = self.gates.statistics()
        assert statistics.requests.in_flight == statistics.requests.waiting == statistics.requests.used == 0
        assert statistics.token_rate is not None
        assert statistics.token_rate.used == statistics.token_rate.waiting == 0
        assert statistics.tokens_in_flight is not None
        assert statistics.tokens_in_flight.in_flight == statistics.tokens_in_flight.waiting == 0
        assert statistics.budget is not None
        assert statistics.budget.pledged == Amount()
        self.loop.close()


GateMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestGates = GateMachine.TestCase
