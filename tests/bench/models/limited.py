"""1,000 requests of the engine to a server that admits 16; ``python -m tests.bench.models.limited URL``."""

from __future__ import annotations

import json
import resource
import sys
import time

import anyio

from engine import ChatClient, ChatMessage, ChatRequest, EventStream, Gates, Job, RequestWindow, run_jobs
from engine.chat.openai_http import open_openai
from toolace_mt.garbage import collect_rarely

_REQUESTS = 1_000
_LIVE = 256


async def _ask_all(url: str) -> dict[str, float]:
    events = EventStream()
    async with open_openai(url, "m") as model:
        client = ChatClient(model, gates=Gates(requests=RequestWindow(events=events)), events=events)

        async def work(job: Job[None]) -> None:
            message = ChatMessage(role="user", content=f"hello {job.order}" * 10)
            request = ChatRequest(purpose="bench", messages=(message,), max_tokens=64)
            await client.for_job(job.order).complete(request)

        jobs = (Job(key=str(number), order=number, payload=None) for number in range(_REQUESTS))
        used = time.process_time()
        summary = await run_jobs(jobs, work, width=_LIVE, events=events)
    return {
        "seconds": summary.wall_seconds,
        "per_second": summary.done / summary.wall_seconds,
        "cpu_ms": 1000 * (time.process_time() - used) / _REQUESTS,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "lost": _REQUESTS - summary.done,
    }


if __name__ == "__main__":
    collect_rarely()
    sys.stdout.write(json.dumps(anyio.run(_ask_all, sys.argv[1])) + "\n")
