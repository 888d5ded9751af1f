"""The whole client in any weather: whatever meets its requests, the gates lose nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import (
    AdaptiveWidth,
    Amount,
    Budget,
    BudgetLimits,
    BudgetSpent,
    ChatClient,
    ChatReply,
    ChatRequest,
    Event,
    EventStream,
    Gates,
    Job,
    JsonObject,
    Lane,
    RefusedRequest,
    RequestWindow,
    RetryPolicy,
    TokenRate,
    TokensInFlight,
    TransientError,
    Usage,
    WidthPolicy,
    run_jobs,
)
from engine.testing import request, run_in_virtual_time

SCHEMA: JsonObject = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
FATES = ("success", "429", "5xx", "timeout", "malformed", "misfit", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What each request meets, in order, and how long it takes; then it is fair."""

    fates: Sequence[str]
    seconds: Sequence[float]


class WeatheredModel:
    """Meets each request with the next fate."""

    name = "weathered"

    def __init__(self, weather: Weather) -> None:
        self._fates = iter(weather.fates)
        self._seconds = iter(weather.seconds)
        self.in_flight = 0

    async def complete(self, request: ChatRequest) -> ChatReply:
        self.in_flight += 1
        try:
            await anyio.sleep(next(self._seconds, 0.5))
        finally:
            self.in_flight -= 1
        text = '{"a": 1}'
        match next(self._fates, "success"):
            case "429":
                raise TransientError("slow down", retry_after=2.0, overload=True)
            case "5xx":
                raise TransientError("broken")
            case "timeout":
                await anyio.sleep(30)
                raise TransientError("no answer in time")
            case "malformed":
                raise TransientError("malformed answer")
            case "refused":
                raise RefusedRequest("too long")
            case "misfit":
                text = "no JSON"
        prompt = sum(len(message.content) for message in request.messages)
        return ChatReply(
            text=text, model="m", usage=Usage(prompt_tokens=prompt, completion_tokens=request.max_tokens)
        )


weathers = st.builds(
    lambda fates, seconds: Weather(fates=fates, seconds=seconds),
    st.lists(st.sampled_from(FATES), max_size=60),
    st.lists(st.floats(0, 20), max_size=60),
)


class Watch:
    """Looks at the gates at every event."""

    def __init__(self, gates: Gates, limits: BudgetLimits) -> None:
        self._gates = gates
        self._limits = limits

    def read(self, _: Event) -> None:
        budget = self._gates.budget
        assert budget is not None
        statistics = budget.statistics()
        total = statistics.spent + statistics.pledged
        assert self._limits.requests is None or total.requests <= self._limits.requests
        assert self._limits.tokens is None or total.tokens <= self._limits.tokens
        window = self._gates.statistics().requests
        assert all(lane.in_flight >= 0 for lane in window.lanes)

    def is_full_again(self) -> None:
        gates = self._gates.statistics()
        assert gates.requests.in_flight == gates.requests.waiting == 0
        assert gates.budget is not None
        assert gates.budget.pledged == Amount()
        assert gates.budget.waiting == gates.budget.open_dialogues == 0
        assert gates.tokens_in_flight is not None
        assert gates.tokens_in_flight.in_flight == gates.tokens_in_flight.waiting == 0
        assert gates.token_rate is not None
        assert gates.token_rate.waiting == 0


@settings(max_examples=80)
@given(
    weather=weathers,
    endpoints=st.integers(1, 3),
    requests=st.integers(1, 60) | st.none(),
    tokens=st.integers(200, 20_000) | st.none(),
    killed_after=st.floats(0, 60) | st.none(),
    given_up=st.dictionaries(st.integers(0, 7), st.floats(0, 30), max_size=3),
)
def test_after_any_interleaving_every_gate_is_full_and_the_budget_held_at_every_step(
    weather: Weather,
    endpoints: int,
    requests: int | None,
    tokens: int | None,
    killed_after: float | None,
    given_up: dict[int, float],
) -> None:
    limits = BudgetLimits(requests=requests, tokens=tokens)

    async def main() -> None:
        events = EventStream()
        budget = Budget(limits, events=events)
        lanes = [
            Lane(str(number), width=AdaptiveWidth(WidthPolicy(initial=2, largest=4)))
            for number in range(endpoints)
        ]
        gates = Gates(
            budget=budget,
            tokens_in_flight=TokensInFlight(2_000),
            token_rate=TokenRate(20_000, clock=anyio.current_time),
            requests=RequestWindow(lanes=lanes, events=events, clock=anyio.current_time),
        )
        watch = Watch(gates, limits)
        events.subscribe(watch.read)
        models = [WeatheredModel(weather) for _ in range(endpoints)]
        client = ChatClient(
            models[0],
            others=models[1:],
            gates=gates,
            events=events,
            retry=RetryPolicy(attempts=3, overload_attempts=5),
            clock=anyio.current_time,
            draw=lambda: 0.5,
        )

        async def work(job: Job[int]) -> None:
            with anyio.move_on_after(given_up.get(job.payload, 1e9)):
                for number in range(3):
                    await client.for_job(job.order).complete(
                        request(f"{job.order} {number}", schema=SCHEMA if number else None)
                    )

        jobs = (Job(key=str(n), order=n, payload=n) for n in range(8))
        with anyio.move_on_after(1e9 if killed_after is None else killed_after):
            await run_jobs(jobs, work, width=5, budget=budget, events=events, clock=anyio.current_time)
        watch.is_full_again()
        assert not any(model.in_flight for model in models)

    run_in_virtual_time(main)


@settings(max_examples=60)
@given(orders=st.lists(st.integers(0, 9), min_size=2, max_size=30), width=st.integers(1, 4))
def test_of_those_that_wait_at_any_gate_the_oldest_dialogue_goes_first(orders: list[int], width: int) -> None:
    async def main() -> None:
        window = RequestWindow(
            width=AdaptiveWidth(WidthPolicy(initial=width, largest=width)), clock=anyio.current_time
        )
        sent: list[int] = []
        is_open = anyio.Event()

        async def hold() -> None:
            slot = await window.enter(-1)
            await is_open.wait()
            window.abandoned(slot)

        async def ask(order: int) -> None:
            slot = await window.enter(order)
            sent.append(order)
            await anyio.sleep(1)
            window.abandoned(slot)

        async with anyio.create_task_group() as group:
            for _ in range(width):
                group.start_soon(hold)
            await anyio.sleep(1)
            for order in orders:
                group.start_soon(ask, order)
            await anyio.sleep(1)
            is_open.set()
        assert sent == sorted(orders)

    run_in_virtual_time(main)


async def test_what_no_budget_can_pay_is_refused_again_and_again_and_holds_nothing() -> None:
    budget = Budget(BudgetLimits(tokens=10))
    client = ChatClient(WeatheredModel(Weather(fates=(), seconds=())), gates=Gates(budget=budget))
    for _ in range(2):
        with pytest.raises(BudgetSpent):
            await client.for_job(0).complete(request("x" * 100))
    assert budget.statistics().pledged == Amount()
