"""Peak memory by how many dialogues are asked for; ``python -m tests.bench.models.memory``.

What lives sets the memory, not ``--count``: the whole engine, with journal, budget, gates and events, over a
model in the process that answers at once.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio
import anyio.lowlevel

from engine import (
    FREE,
    Budget,
    BudgetLimits,
    ChatClient,
    ChatMessage,
    ChatReply,
    ChatRequest,
    EventStream,
    FixedWidth,
    Gates,
    Job,
    RequestWindow,
    Usage,
    open_journal,
    run_jobs,
)
from tests.bench.side_by_side import say

__all__ = ["peak_megabytes"]

_COUNTS = (10_000, 1_000_000)
_LIVE = 64


class _Instant:
    """Answers at once."""

    name = "instant"

    async def complete(self, request: ChatRequest) -> ChatReply:
        await anyio.lowlevel.checkpoint()
        usage = Usage(prompt_tokens=20, completion_tokens=5)
        return ChatReply(text=request.messages[0].content[:20], model=self.name, usage=usage)


async def _run(count: int, folder: Path) -> None:
    events = EventStream()
    async with open_journal(folder / "run.sqlite") as journal:
        budget = Budget(BudgetLimits(tokens=10**12), price=FREE, events=events)
        window = RequestWindow(width=FixedWidth(_LIVE), events=events)
        client = ChatClient(
            _Instant(), gates=Gates(budget=budget, requests=window), journal=journal, events=events
        )

        async def work(job: Job[None]) -> None:
            message = ChatMessage(role="user", content=f"hello {job.order} " * 20)
            request = ChatRequest(purpose="bench", messages=(message,), max_tokens=64)
            reply = await client.for_job(job.order).complete(request)
            await journal.store_job(job.key, "accepted", f'{{"text": "{reply.text}"}}')

        jobs = (Job(key=f"d{number:07}", order=number, payload=None) for number in range(count))
        summary = await run_jobs(jobs, work, width=_LIVE, events=events, budget=budget)
    assert summary.done == count


def peak_megabytes(count: int) -> float:
    """Run so many dialogues in a process of their own and give its peak memory."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.models.memory", str(count)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def _measure() -> None:
    few, many = (peak_megabytes(count) for count in _COUNTS)
    say(f"peak memory: {few:.1f} MB for {_COUNTS[0]:,} dialogues, {many:.1f} MB for {_COUNTS[1]:,}")
    say(f"  {many / few:.3f} times")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with tempfile.TemporaryDirectory() as name:
            anyio.run(_run, int(sys.argv[1]), Path(name))
        say(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
    else:
        _measure()
