"""Six-call dialogues, 16 a message, in one lane with some workers: figures of the parent and its workers.

Also what a message of a single call costs the parent, as generation sends them: one after another, and from
eight tasks at once.

``python -m tests.bench.tools.lanes confined|trusted small|large WORKERS [CORES]`` prints one JSON object of
figures; with CORES, the parent and its workers share so many.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace

import anyio

from sandbox import Fault, Pack, ProcessRuntime, Trajectory, open_runtime
from tests.bench.tools.desk import desk_pack, dialogue
from tests.bench.tools.processes import cpu_seconds, grandchildren
from toolace_mt.garbage import collect_rarely

__all__ = ["figures"]

_DIALOGUES, _MESSAGES, _ROUNDS = 960, 400, 6


async def figures(lane: str, world: str, workers: int) -> dict[str, float]:
    """The best of several rounds: what the machine does beside it only ever takes time."""
    pack = desk_pack()
    collect_rarely()  # as the commands do
    trusted = {pack.digest} if lane == "trusted" else set()
    wanted = [dialogue(world)] * _DIALOGUES
    async with open_runtime(workers=workers, trusted=trusted) as runtime:
        executions = await runtime.run(pack, wanted)
        assert not any(isinstance(step.outcome, Fault) for run in executions for step in run.steps)
        single = replace(dialogue(world), calls=dialogue(world).calls[:1])
        alone, crowded = [
            min([await _message(runtime, pack, single, tasks) for _ in range(_ROUNDS)]) for tasks in (1, 8)
        ]
        rounds = []
        for _ in range(_ROUNDS):
            began, parent, inside = time.monotonic(), time.process_time(), _inside()
            await runtime.run(pack, wanted)
            seconds = time.monotonic() - began
            rounds.append((seconds, time.process_time() - parent, _inside() - inside))
    best = [min(column) / _DIALOGUES for column in zip(*rounds, strict=True)]
    return {
        "per_second": 1 / best[0],
        "parent_ms": 1000 * best[1],
        "worker_ms": 1000 * best[2],
        "cpu_ms": 1000 * (best[1] + best[2]),
        "message_ms": 1000 * alone,
        "crowded_message_ms": 1000 * crowded,
    }


async def _message(runtime: ProcessRuntime, pack: Pack, single: Trajectory, tasks: int) -> float:
    """Processor time of the parent for a message of one call, of so many tasks that send them."""

    async def send() -> None:
        for _ in range(_MESSAGES // tasks):
            await runtime.run(pack, [single])

    began = time.process_time()
    async with anyio.create_task_group() as group:
        for _ in range(tasks):
            group.start_soon(send)
    return (time.process_time() - began) / _MESSAGES


def _inside() -> float:
    return sum(cpu_seconds(pid) for pid in grandchildren())


if __name__ == "__main__":
    if len(sys.argv) > 4 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[4])])
    found = anyio.run(figures, sys.argv[1], sys.argv[2], int(sys.argv[3]))
    sys.stdout.write(json.dumps(found) + "\n")
