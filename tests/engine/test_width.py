"""How many requests in flight: what is learned from answers and refusals."""

from __future__ import annotations

import itertools
import random

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import (
    AdaptiveWidth,
    ChatClient,
    ChatReply,
    ChatRequest,
    EventStream,
    FixedWidth,
    Gates,
    Job,
    RequestWindow,
    TransientError,
    Usage,
    WidthChanged,
    WidthPolicy,
    run_jobs,
)
from engine.testing import request, run_in_virtual_time


def answers(width: AdaptiveWidth, count: int, *, now: float, full: bool = True) -> None:
    for _ in range(count):
        width.answered(
            now, sent_at=now - 1, sent_among=width.width, in_flight=width.width, work=10, was_full=full
        )


def test_it_starts_slowly_and_doubles_with_each_round_of_answers() -> None:
    width = AdaptiveWidth(WidthPolicy(initial=4))
    answers(width, 4, now=1)
    assert width.width == 8


def test_it_does_not_grow_while_it_is_not_used() -> None:
    width = AdaptiveWidth(WidthPolicy(initial=4))
    answers(width, 100, now=1, full=False)
    assert width.width == 4


def test_an_episode_of_refusals_cuts_once_to_three_quarters() -> None:
    width = AdaptiveWidth(WidthPolicy(initial=16))
    assert width.overloaded(10, sent_at=9, in_flight=16) is not None
    assert width.width == 12
    assert width.overloaded(10.1, sent_at=9.1, in_flight=15) is None
    assert width.width == 12
    assert width.overloaded(20, sent_at=19, in_flight=12) is not None
    assert width.width == 9


def test_the_refusals_of_one_episode_tell_exactly_what_the_server_admits() -> None:
    width = AdaptiveWidth(WidthPolicy(initial=24))
    for still_there in range(24, 16, -1):
        width.overloaded(5, sent_at=4, in_flight=still_there)
    assert width.ceiling == 16
    assert width.width == 16


def test_a_cut_is_made_from_what_was_used_and_not_from_what_was_allowed() -> None:
    width = AdaptiveWidth(WidthPolicy(initial=100))
    width.overloaded(5, sent_at=4, in_flight=8)
    assert width.width == 6


def test_the_width_grows_again_after_any_number_of_refusals() -> None:
    width = AdaptiveWidth(WidthPolicy(initial=64))
    now = 0.0
    for _ in range(50):
        now += 10
        width.overloaded(now, sent_at=now - 1, in_flight=width.width)
    assert width.width == 1
    for _ in range(60):
        now += 30
        answers(width, width.width, now=now)
    assert width.width > 16


def test_past_the_ceiling_it_takes_one_step_and_only_after_a_pause() -> None:
    width = AdaptiveWidth(WidthPolicy(initial=16, patience_seconds=5))
    width.overloaded(0, sent_at=-1, in_flight=16)
    answers(width, 14, now=1)
    assert width.width == width.ceiling == 15
    answers(width, 10, now=4)
    assert width.width == 15
    answers(width, 3, now=6)
    assert width.width == 16


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 20), st.integers(1, 300)), max_size=200))
def test_the_width_stays_between_one_and_the_largest(steps: list[tuple[bool, float, int]]) -> None:
    width = AdaptiveWidth(WidthPolicy(initial=8, largest=64))
    now = 0.0
    for refused, seconds, in_flight in steps:
        now += seconds
        sent_at = now - seconds / 2
        if refused:
            width.overloaded(now, sent_at=sent_at, in_flight=in_flight)
        else:
            width.answered(
                now, sent_at=sent_at, sent_among=in_flight, in_flight=in_flight, work=5, was_full=True
            )
        assert 1 <= width.width <= 64


def test_a_chosen_width_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FixedWidth(0)


class SharedServer:
    """Works on ``capacity`` requests at full speed, on more at a shared speed; refuses beyond ``admits``.

    From the first number of ``changes_at`` requests on it has the second for its capacity.  Every four
    seconds it draws how many times slower it is from ``moods``, whatever is in flight.
    """

    name = "shared"

    def __init__(
        self,
        *,
        capacity: int,
        admits: int = 10_000,
        seconds: float = 1.0,
        changes_at: tuple[int, int] | None = None,
        moods: tuple[float, ...] = (1.0,),
    ) -> None:
        self._capacity = capacity
        self._changes_at = changes_at
        self._moods = moods
        self._asked = 0
        self._admits = admits
        self._seconds = seconds
        self._in_flight = 0
        self._changed_at = 0.0
        self.flights: list[tuple[float, int]] = []
        self.refusals = 0

    def mean_in_flight(self) -> float:
        """Give the mean over time, in the second half of what was asked."""
        late = self.flights[len(self.flights) // 2 :]
        return sum(seconds * flight for seconds, flight in late) / sum(seconds for seconds, _ in late)

    def _count(self, change: int) -> None:
        now = anyio.current_time()
        self.flights.append((now - self._changed_at, self._in_flight))
        self._changed_at = now
        self._in_flight += change

    async def complete(self, request: ChatRequest) -> ChatReply:
        if self._in_flight >= self._admits:
            self.refusals += 1
            raise TransientError("slow down", retry_after=1.0, overload=True)
        self._count(+1)
        self._asked += 1
        if self._changes_at is not None and self._asked >= self._changes_at[0]:
            self._capacity = self._changes_at[1]
        try:
            left = self._seconds * (0.5 + len(request.messages[0].content) % 100 / 100)
            tokens = int(left * 100)
            while left > 1e-9:
                mood = random.Random(int(anyio.current_time() / 4)).choice(self._moods)
                speed = min(1.0, self._capacity / self._in_flight) / mood
                step = min(left / speed, self._seconds / 5)
                await anyio.sleep(step)
                left -= step * speed
        finally:
            self._count(-1)
        return ChatReply(text="done", model="shared", usage=Usage(prompt_tokens=9, completion_tokens=tokens))


def run_against(server: SharedServer, count: int, *, busy: float = 0.0) -> tuple[float, list[WidthChanged]]:
    """Give the seconds for ``count`` requests and the changes of the width.

    ``busy`` is the share of the time in which this side works.
    """
    changes: list[WidthChanged] = []

    async def main() -> float:
        events = EventStream()
        events.subscribe(lambda event: changes.append(event) if isinstance(event, WidthChanged) else None)
        width = AdaptiveWidth(own_seconds=lambda: busy * anyio.current_time())
        window = RequestWindow(width=width, events=events, clock=anyio.current_time)
        client = ChatClient(server, gates=Gates(requests=window), events=events, clock=anyio.current_time)

        async def work(job: Job[str]) -> str:
            return (await client.for_job(job.order).complete(request(job.payload))).text

        jobs = (Job(key=str(n), order=n, payload="x" * (n * 37 % 100)) for n in range(count))
        summary = await run_jobs(jobs, work, width=400, clock=anyio.current_time)
        assert summary.done == count
        return summary.wall_seconds

    return run_in_virtual_time(main), changes


def test_a_server_that_admits_sixteen_is_used_fully_with_few_refusals() -> None:
    server = SharedServer(capacity=10_000, admits=16, seconds=0.2)
    seconds, _ = run_against(server, 1000)
    assert seconds < 1.35 * 1000 * 0.2 / 16
    assert server.refusals < 40


@pytest.mark.parametrize(
    ("knee", "seconds"),
    [(3, 1.0), (4, 1.0), (8, 1.0), (16, 1.0), (16, 0.05), (32, 1.0), (64, 1.0)],
)
def test_the_width_settles_within_a_quarter_of_the_knee_of_a_server_that_only_slows_down(
    knee: int, seconds: float
) -> None:
    server = SharedServer(capacity=knee, seconds=seconds)
    count = max(400, knee * 60)
    taken, changes = run_against(server, count)
    assert 0.75 * knee <= server.mean_in_flight() <= 1.25 * knee
    assert taken < 1.25 * count * seconds / knee
    assert [change for change in changes if change.width < change.before]


@pytest.mark.parametrize("slots", [1, 2])
def test_few_requests_wait_at_a_small_server(slots: int) -> None:
    server = SharedServer(capacity=slots, seconds=5.0)
    run_against(server, 400)
    assert server.mean_in_flight() <= slots + 2.5


@pytest.mark.parametrize("knee", [16, 10_000])
def test_a_server_that_is_slow_for_reasons_of_its_own_is_still_used_as_fully(knee: int) -> None:
    steady, moody = (
        SharedServer(capacity=knee, seconds=0.2),
        SharedServer(capacity=knee, seconds=0.2, moods=(1.0, 1.0, 1.0, 2.0, 4.0, 8.0)),
    )
    for server in (steady, moody):
        run_against(server, 4_000)
    assert moody.mean_in_flight() > 0.75 * steady.mean_in_flight()


def test_the_width_follows_a_server_that_loses_most_of_its_capacity() -> None:
    server = SharedServer(capacity=32, changes_at=(1_000, 8))
    run_against(server, 3_000)
    assert server.mean_in_flight() <= 12


def test_the_width_follows_a_server_that_gets_more_capacity() -> None:
    server = SharedServer(capacity=8, changes_at=(400, 32))
    run_against(server, 8_000)
    assert server.mean_in_flight() >= 24


def test_a_client_that_is_busy_itself_does_not_take_its_own_lateness_for_the_servers() -> None:
    _, changes = run_against(SharedServer(capacity=16), 960, busy=1.0)
    assert all(change.width > change.before for change in changes)


def test_a_client_that_is_half_busy_sees_a_server_slow_down_as_an_idle_one_does() -> None:
    half, idle = (SharedServer(capacity=16) for _ in range(2))
    assert run_against(half, 960, busy=0.5) == run_against(idle, 960)


def test_every_change_of_the_width_is_an_event_with_its_reason() -> None:
    _, changes = run_against(SharedServer(capacity=10_000, admits=16, seconds=0.2), 400)
    assert all(change.reason and change.width != change.before for change in changes)
    for earlier, later in itertools.pairwise(changes):
        assert later.before == earlier.width
