"""One peer's client asks a loopback server: ``python peers.py CLIENT speed|limits URL``; prints figures.

It imports nothing of this project, because it runs in the peers' virtual environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

Ask = Callable[[int], Awaitable[Any]]

_REQUESTS = {"speed": 2_000, "limits": 1_000}
_IN_FLIGHT = 200


def _openai(url: str, _: str) -> Ask:
    client = import_module("openai").AsyncOpenAI(base_url=url, api_key="none")

    async def ask(number: int) -> Any:
        return await client.chat.completions.create(model="m", messages=_messages(number), max_tokens=64)

    return ask


def _litellm(url: str, study: str) -> Ask:
    complete = import_module("litellm").acompletion
    retries = {"num_retries": 5} if study == "limits" else {}

    async def ask(number: int) -> Any:
        return await complete(
            model="openai/m",
            api_base=url,
            api_key="none",
            messages=_messages(number),
            max_tokens=64,
            **retries,
        )

    return ask


def _inspect_ai(url: str, study: str) -> Ask:
    models = import_module("inspect_ai.model")
    limits: dict[str, Any] = (
        {"adaptive_connections": True} if study == "limits" else {"max_connections": _IN_FLIGHT}
    )
    config = models.GenerateConfig(max_tokens=64, **limits)
    model = models.get_model("openai-api/local/m", base_url=url, api_key="none", config=config)

    async def ask(number: int) -> Any:
        return await model.generate(_messages(number)[0]["content"])

    return ask


def _messages(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"hello {number}" * 10}]


_CLIENTS = {"openai": _openai, "litellm": _litellm, "inspect_ai": _inspect_ai}


async def _all(ask: Ask, count: int) -> int:
    """Ask ``count`` times, 200 at once, and give how many were answered."""
    places = asyncio.Semaphore(_IN_FLIGHT)

    async def one(number: int) -> bool:
        async with places:
            try:
                await ask(number)
            except Exception:  # noqa: BLE001  # each library has errors of its own, and all lose the request
                return False
        return True

    return sum(await asyncio.gather(*(one(number) for number in range(count))))


def _main(client: str, study: str, url: str) -> None:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it asks the network at import
    ask = _CLIENTS[client](url, study)
    count = _REQUESTS[study]
    began, used = time.monotonic(), time.process_time()
    answered = asyncio.run(_all(ask, count))
    seconds = time.monotonic() - began
    figures = {
        "version": version(client),
        "seconds": seconds,
        "per_second": answered / seconds,
        "cpu_ms": 1000 * (time.process_time() - used) / count,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "lost": count - answered,
    }
    sys.stdout.write("\n" + json.dumps(figures) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:4])
