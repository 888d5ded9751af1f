"""Several endpoints with one model: shares by weight, failover, and the way back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio
import pytest

from engine import (
    ChatClient,
    ChatReply,
    ChatRequest,
    EndpointRecovered,
    EndpointRested,
    Event,
    EventStream,
    FixedWidth,
    Gates,
    Job,
    Lane,
    RequestWindow,
    RunSummary,
    TransientError,
    UnusableModel,
    Usage,
    open_journal,
    run_jobs,
)
from engine.testing import ScriptedModel, request, run_in_virtual_time


class Place:
    """The model at one place, which is out between two times."""

    name = "m"

    def __init__(self, *, out: tuple[float, float] = (0, 0), error: Exception | None = None) -> None:
        self._out = out
        self._error = error or TransientError("the connection was lost")
        self.answered_at: list[float] = []

    async def complete(self, request: ChatRequest) -> ChatReply:
        now = anyio.current_time() - 1000
        if self._out[0] <= now < self._out[1]:
            await anyio.sleep(0.1)
            raise self._error
        await anyio.sleep(1)
        self.answered_at.append(now)
        return ChatReply(text=request.messages[-1].content, model="m", usage=Usage(prompt_tokens=1))

    def answered_between(self, start: float, end: float) -> int:
        return sum(start <= at < end for at in self.answered_at)


def run_at(*places: Place, weights: tuple[float, ...], count: int = 400) -> tuple[RunSummary, list[Event]]:
    seen: list[Event] = []

    async def main() -> RunSummary:
        events = EventStream()
        events.subscribe(seen.append)
        lanes = [
            Lane(f"place-{number}", weight=weight, width=FixedWidth(20))
            for number, weight in enumerate(weights)
        ]
        gates = Gates(requests=RequestWindow(lanes=lanes, events=events, clock=anyio.current_time))
        client = ChatClient(
            places[0], others=places[1:], gates=gates, events=events, clock=anyio.current_time
        )

        async def work(job: Job[int]) -> None:
            await client.for_job(job.order).complete(request(str(job.payload)))

        jobs = (Job(key=str(n), order=n, payload=n) for n in range(count))
        summary = await run_jobs(jobs, work, width=12, clock=anyio.current_time)
        window = gates.statistics().requests
        assert window.in_flight == window.waiting == 0
        return summary

    return run_in_virtual_time(main), seen


def test_requests_are_shared_by_weight() -> None:
    one, two = Place(), Place()
    run_at(one, two, weights=(1, 3))
    assert len(one.answered_at) == pytest.approx(100, abs=10)
    assert len(two.answered_at) == pytest.approx(300, abs=10)


def test_an_outage_moves_the_share_to_the_other_and_it_comes_back() -> None:
    steady, flaky = Place(), Place(out=(5, 20))
    summary, seen = run_at(steady, flaky, weights=(1, 1), count=600)
    assert (summary.done, summary.failed) == (600, 0)
    assert flaky.answered_between(5, 20) == 0
    assert steady.answered_between(7, 20) > 0.8 * 12 * 13
    assert flaky.answered_between(40, 50) == pytest.approx(steady.answered_between(40, 50), abs=8)
    rested = [event for event in seen if isinstance(event, EndpointRested)]
    assert {event.endpoint for event in rested} == {"place-1"}
    assert len(rested) <= 6, "an outage is tried with one request at a time, later and later"
    assert [event.endpoint for event in seen if isinstance(event, EndpointRecovered)] == ["place-1"]


def test_one_unusable_endpoint_costs_nothing_and_all_of_them_stop_the_run() -> None:
    wrong_key = UnusableModel("wrong key")
    summary, _ = run_at(Place(out=(0, 10), error=wrong_key), Place(), weights=(1, 1))
    assert (summary.done, summary.failed) == (400, 0)
    with pytest.raises(UnusableModel, match="wrong key"):
        run_at(*(Place(out=(0, 10**9), error=wrong_key) for _ in range(2)), weights=(1, 1))


async def test_a_reply_is_found_again_whichever_endpoint_gave_it(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        texts: list[Counter[str]] = []
        for places in (
            [ScriptedModel(), ScriptedModel()],
            [ScriptedModel(), ScriptedModel(), ScriptedModel()],
        ):
            lanes = [Lane(str(number)) for number in range(len(places))]
            client = ChatClient(
                places[0],
                others=places[1:],
                gates=Gates(requests=RequestWindow(lanes=lanes)),
                journal=journal,
            )
            replies = [await client.for_job(0).complete(request(str(n))) for n in range(6)]
            texts.append(Counter(reply.text for reply in replies))
            asked = sum(len(place.requests) for place in places)
            assert asked == (6 if len(texts) == 1 else 0)
        assert texts[0] == texts[1]


def test_a_weight_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Lane(weight=0)
