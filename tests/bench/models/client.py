"""2,000 requests, 200 in flight: a bare aiohttp loop, or the engine with everything on.

``rarely`` as the last word has garbage collected as the commands have it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path

import aiohttp
import anyio
import orjson

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
    ReplySchema,
    RequestWindow,
    open_journal,
    run_jobs,
)
from engine.chat.openai_http import open_openai
from tests.bench.measure import report
from toolace_mt.garbage import collect_rarely

_REQUESTS = 2_000
_IN_FLIGHT = 200
_SCHEMA = ReplySchema(
    {
        "type": "object",
        "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 200}},
        "required": ["text"],
        "additionalProperties": False,
    }
)


async def _bare(port: str) -> int:
    places = asyncio.Semaphore(_IN_FLIGHT)
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(number: int) -> None:
            body = {"model": "m", "messages": [{"role": "user", "content": f"hello {number}" * 10}]}
            async with places, session.post(url, data=orjson.dumps(body)) as response:
                orjson.loads(await response.read())

        await asyncio.gather(*(one(number) for number in range(_REQUESTS)))
    return _REQUESTS


async def _engine(port: str) -> int:
    events = EventStream()
    events.subscribe(lambda _: None)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_journal(Path(folder) / "run.sqlite") as journal,
            open_openai(f"http://127.0.0.1:{port}/v1", "m") as model,
        ):
            budget = Budget(BudgetLimits(tokens=10**9), price=FREE, events=events)
            window = RequestWindow(width=FixedWidth(_IN_FLIGHT), events=events)
            client = ChatClient(
                model, gates=Gates(budget=budget, requests=window), journal=journal, events=events
            )

            async def work(job: Job[None]) -> ChatReply:
                message = ChatMessage(role="user", content=f"hello {job.order}" * 10)
                request = ChatRequest(purpose="bench", messages=(message,), max_tokens=64, schema=_SCHEMA)
                return await client.for_job(job.order).complete(request)

            jobs = (Job(key=str(number), order=number, payload=None) for number in range(_REQUESTS))
            summary = await run_jobs(jobs, work, width=256, events=events, budget=budget)
    return summary.done


if __name__ == "__main__":
    which, port, *collector = sys.argv[1:]
    if collector == ["rarely"]:
        collect_rarely()
    anyio.run(report, partial({"bare": _bare, "engine": _engine}[which], port))
