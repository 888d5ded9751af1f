"""How the adaptive width finds what a server bears: one that refuses, and one that only slows down.

``python -m tests.bench.models.studies``; over real HTTP, the simulated server in a process of its own.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio

from engine import AdaptiveWidth, ChatClient, EventStream, Gates, Job, RequestWindow, own_seconds, run_jobs
from engine.simulated import Behaviour, ask_statistics, open_simulated_at, serving
from engine.testing import request
from tests.bench.side_by_side import say

__all__ = ["measure_studies"]

_ADMITTED = Behaviour(seconds=0.2, spread=0.5, admits=16, retry_after=1.0)
_KNEES = (4, 16, 32)
_REQUESTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """``late_in_flight`` is the mean while the second half was asked."""

    wall_seconds: float
    done: int
    late_in_flight: float
    counts: Mapping[str, Any]


async def _ask_all(behaviour: Behaviour, count: int = _REQUESTS) -> _Seen:
    events = EventStream()
    gates = Gates(requests=RequestWindow(width=AdaptiveWidth(own_seconds=own_seconds), events=events))
    late: list[tuple[float, int]] = []
    async with serving(behaviour) as server, open_simulated_at(server.url) as model:
        client = ChatClient(model, gates=gates, events=events)

        async def work(job: Job[int]) -> None:
            await client.for_job(job.order).complete(request(f"say {job.order}"))
            if job.order > count // 2:
                late.append((time.monotonic(), gates.statistics().requests.in_flight))

        jobs = (Job(key=str(number), order=number, payload=number) for number in range(count))
        summary = await run_jobs(jobs, work, width=count, events=events)
        counts = await ask_statistics(server.url)
    steps = itertools.pairwise(late)
    span = late[-1][0] - late[0][0]
    mean = sum(flight * (later - now) for (now, flight), (later, _) in steps) / span
    return _Seen(wall_seconds=summary.wall_seconds, done=summary.done, late_in_flight=mean, counts=counts)


def measure_studies() -> None:
    """Say what was seen, next to the goals."""
    ideal = _REQUESTS * 0.2 / 16
    seen = anyio.run(_ask_all, _ADMITTED)
    say(f"a server that admits 16 and answers 429 with Retry-After: 1 beyond; {_REQUESTS:,} requests")
    say(
        f"  {seen.wall_seconds / ideal:.2f} times the ideal time (goal 1.5), "
        f"{seen.counts['refusals']} refusals (goal 40), {_REQUESTS - seen.done} lost"
    )
    for knee in _KNEES:
        count = 60 * knee
        seen = anyio.run(_ask_all, Behaviour(seconds=0.2, spread=0.5, knee=knee), count)
        say(f"a server that slows down beyond {knee} in flight and never refuses; {count:,} requests")
        say(
            f"  settles at {seen.late_in_flight:.1f} in flight (goal {0.75 * knee:.0f} to "
            f"{1.25 * knee:.0f}), "
            f"{seen.wall_seconds * knee / (count * 0.2):.2f} times the ideal time"
        )


if __name__ == "__main__":
    measure_studies()
