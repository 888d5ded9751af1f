"""Whole dialogues with the simulated model, which takes 0 to 50 ms an answer; the word is how many.

The run and its sandbox workers have one core, the model's server has another.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import anyio

from engine import ChatRequest
from engine.simulated import Behaviour, serving
from engine.simulated.wire import expected_headers
from tests.bench.pipelines.shares import sampled
from toolace_mt import generate_async
from toolace_mt.config import GenerateConfig
from toolace_mt.garbage import collect_rarely
from toolace_mt.known_good import good_fill

_BEHAVIOUR = Behaviour(seconds=0.025, spread=1.0)
_REPEATS = 2_000


async def _measure(count: int, folder: Path) -> dict[str, float]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    async with serving(_BEHAVIOUR) as server:
        os.sched_setaffinity(0, {min(cores)})
        model = f"simulated:{server.url}"
        await generate_async(GenerateConfig(model=model, count=8, out=folder / "first", workers=1))
        config = GenerateConfig(model=model, count=count, seed=1, out=folder / "run", workers=1)
        began, own, workers = time.monotonic(), _cpu(resource.RUSAGE_SELF), _cpu(resource.RUSAGE_CHILDREN)
        with sampled() as seen:
            run = await generate_async(config)
        seconds = time.monotonic() - began
        asking, calling = (seen[package] / seen.total() for package in ("engine", "sandbox"))
        attempted = int(run.ledger["attempted"])
        return {
            "per_second": run.ledger["accepted"] / seconds,
            "cpu_ms": 1000 * (_cpu(resource.RUSAGE_SELF) - own) / attempted,
            "sandbox_ms": 1000 * (_cpu(resource.RUSAGE_CHILDREN) - workers) / attempted,
            "requests": run.ledger["requests"] / attempted,
            "share_of_requests": asking,
            "share_of_sandbox": calling,
            "simulation_ms": run.ledger["requests"] / attempted * _simulation_ms(),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def _simulation_ms() -> float:
    """What a request costs only because the model is simulated: the good answer and its header."""
    coarse = "I'd like to cancel the order W1043 because it was ordered by mistake."
    request = ChatRequest(purpose="refine", messages=(), max_tokens=1)
    began = time.process_time()
    for number in range(_REPEATS):
        expected_headers(replace(request, expected=good_fill(coarse, number)))
    return 1000 * (time.process_time() - began) / _REPEATS


def _cpu(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _main(count: int) -> None:
    collect_rarely()
    with tempfile.TemporaryDirectory() as name:
        figures = anyio.run(_measure, count, Path(name))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    _main(int(sys.argv[1]))
