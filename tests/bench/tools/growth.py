"""Does a call get dearer in a long dialogue, or a dialogue in a long run?  And what do workers cost at rest?

``python -m tests.bench.tools.growth calls|dialogues|workers`` prints one JSON object of figures.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable

import anyio

from sandbox import Call, ProcessRuntime, Trajectory, open_runtime
from tests.bench.tools.desk import desk_pack, dialogue
from tests.bench.tools.processes import cpu_seconds, grandchildren, pss_bytes
from tests.children import children

_WORKERS = 64
_CALLS = (Call(name="get_wallet", arguments={"user_id": "U101"}), *dialogue("small").calls[3:4])


async def calls() -> dict[str, float]:
    """Processor time per call, in the parent and the worker, in dialogues of ever more calls."""
    async with open_runtime(workers=1, batch_seconds=300) as runtime:
        await _cost(runtime, 1_000)
        return {str(length): await _cost(runtime, length) for length in (10, 100, 1_000, 10_000, 100_000)}


async def _cost(runtime: ProcessRuntime, length: int) -> float:
    pack = desk_pack()
    repeats = max(1, 20_000 // length)
    one = Trajectory(start="small", calls=_CALLS * (length // len(_CALLS)), keep_final=False)
    before = _used()
    await runtime.run(pack, [one] * repeats)
    return 1e6 * (_used() - before) / (repeats * length)


async def dialogues() -> dict[str, float]:
    """Processor time per dialogue, of the first thousands and of later ones, on one worker."""
    pack = desk_pack()
    costs: dict[str, float] = {}
    async with open_runtime(workers=1) as runtime:
        done = 0
        await runtime.run(pack, [dialogue("small")] * 160)
        for until in (2_000, 4_000, 8_000, 16_000):
            before = _used()
            for _ in range(done, until, 400):
                await runtime.run(pack, [dialogue("small")] * 400)
            costs[str(until)] = 1e6 * (_used() - before) / (until - done)
            done = until
    return costs


async def workers() -> dict[str, float]:
    """The time to start a worker from the template, and the memory of many."""
    began = time.monotonic()
    async with open_runtime(workers=1):
        one = time.monotonic() - began
    began = time.monotonic()
    async with open_runtime(workers=_WORKERS) as runtime:
        many = time.monotonic() - began
        started = _memory()
        await runtime.run(desk_pack(), [dialogue("small")] * 16 * _WORKERS)
        loaded = _memory()
    start_ms = 1000 * (many - one) / (_WORKERS - 1)
    return {"start_ms": start_ms, "memory_mb": started / 1e6, "loaded_mb": loaded / 1e6}


def _memory() -> int:
    return sum(pss_bytes(pid) for pid in (*children(), *grandchildren()))


def _used() -> float:
    return time.process_time() + sum(cpu_seconds(pid) for pid in grandchildren())


if __name__ == "__main__":
    which: dict[str, Callable[[], Awaitable[dict[str, float]]]]
    which = {"calls": calls, "dialogues": dialogues, "workers": workers}
    sys.stdout.write(json.dumps(anyio.run(which[sys.argv[1]])) + "\n")
