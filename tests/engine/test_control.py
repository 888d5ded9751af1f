"""Steering a live run: pause, go on, another width, and how it stands."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import (
    AdaptiveWidth,
    ChatClient,
    Event,
    EventStream,
    FixedWidth,
    Gates,
    Job,
    RequestWindow,
    RunControl,
    RunPaused,
    RunUnpaused,
    WidthChanged,
    run_jobs,
)
from engine.testing import ScriptedModel, request, run_in_virtual_time


class SteeredRun:
    """A run in virtual time of dialogues with three requests of a second each."""

    def __init__(self, *, jobs: int = 40, width: int = 4) -> None:
        self.model = ScriptedModel(seconds=1.0)
        self.events = EventStream()
        self.seen: list[Event] = []
        self.events.subscribe(self.seen.append)
        window = RequestWindow(width=FixedWidth(width), events=self.events, clock=anyio.current_time)
        self.gates = Gates(requests=window)
        self.control = RunControl(self.gates, self.events)
        self._client = ChatClient(self.model, gates=self.gates, events=self.events, clock=anyio.current_time)
        self._jobs = jobs
        self.done = 0

    async def run(self) -> None:
        jobs = (Job(key=str(n), order=n, payload=n) for n in range(self._jobs))
        summary = await run_jobs(
            jobs, self._work, width=8, events=self.events, control=self.control, clock=anyio.current_time
        )
        self.done = summary.done

    async def _work(self, job: Job[int]) -> None:
        for number in range(3):
            await self._client.for_job(job.order).complete(request(f"{job.order} {number}"))


def test_a_paused_run_sends_nothing_begins_nothing_and_then_comes_to_its_end() -> None:
    async def main() -> None:
        run = SteeredRun()
        async with anyio.create_task_group() as group:
            group.start_soon(run.run)
            await anyio.sleep(2.5)
            run.control.pause()
            await anyio.sleep(2)  # what is in flight comes home
            asked = len(run.model.requests)
            status = run.control.status()
            assert status.is_paused
            assert status.gates.requests.in_flight == 0
            assert status.gates.requests.waiting > 0
            await anyio.sleep(1000)
            assert len(run.model.requests) == asked
            run.control.resume()
        assert run.done == 40
        assert [type(event) for event in run.seen if isinstance(event, RunPaused | RunUnpaused)] == [
            RunPaused,
            RunUnpaused,
        ]

    run_in_virtual_time(main)


def test_a_chosen_width_holds_at_once_for_what_is_sent_next_and_is_an_event() -> None:
    async def main() -> None:
        run = SteeredRun(width=8)
        async with anyio.create_task_group() as group:
            group.start_soon(run.run)
            await anyio.sleep(1.5)
            assert run.control.status().gates.requests.in_flight == 8
            run.control.choose_width(2)
            await anyio.sleep(2)
            run.model.most_in_flight = 0
            await anyio.sleep(5)
            assert run.model.most_in_flight == 2
            run.control.choose_width(5)
            await anyio.sleep(3)
            assert run.model.most_in_flight == 5
            run.control.choose_width(None)
            last = run.control.status().last_change
            assert last is not None
            assert (last.before, last.width) == (5, 8)
        assert [event.width for event in run.seen if isinstance(event, WidthChanged)] == [2, 5, 8]

    run_in_virtual_time(main)


@settings(max_examples=40)
@given(
    steps=st.lists(
        st.tuples(st.floats(0, 6), st.one_of(st.sampled_from(["pause", "resume"]), st.integers(1, 12))),
        max_size=12,
    )
)
def test_whatever_is_done_to_a_run_it_ends_with_everything_done_and_the_gates_full(
    steps: list[tuple[float, str | int]],
) -> None:
    async def main() -> None:
        run = SteeredRun(jobs=12)
        async with anyio.create_task_group() as group:
            group.start_soon(run.run)
            for seconds, step in steps:
                await anyio.sleep(seconds)
                match step:
                    case "pause":
                        run.control.pause()
                    case "resume":
                        run.control.resume()
                    case _:
                        run.control.choose_width(int(step))
            run.control.resume()
        assert run.done == 12
        assert len(run.model.requests) == 36
        assert run.gates.statistics().requests.in_flight == 0
        assert run.gates.statistics().requests.waiting == 0

    run_in_virtual_time(main)


def test_a_width_of_nothing_is_refused_because_that_is_a_pause() -> None:
    events = EventStream()
    control = RunControl(Gates(requests=RequestWindow(width=AdaptiveWidth())), events)
    with pytest.raises(ValueError, match="pause instead"):
        control.choose_width(0)
