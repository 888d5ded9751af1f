"""The 800 multi-turn entries of BFCL with their ground truth: bfcl-eval's own executor, or ours.

``python -m tests.bench.tools.leaderboard theirs|ours|ours-final|ours-states`` prints one JSON object of
figures.  ``ours`` is what an audit does: all results and the final state's digest.  With ``ours-final`` the
final states are read too, with ``ours-states`` those after every turn; their executor gives the live objects
and never reads them.  Ours collects garbage rarely, as the program does that audits.  That the results and
states are equal is a test
(``tests/sandbox/trusted/test_bfcl.py``).
"""

from __future__ import annotations

import json
import sys
import time

import anyio

from sandbox import StateReading, TrustedTrajectory, open_trusted
from tests.bench.tools.processes import cpu_seconds
from tests.bfcl_truth import read_entries
from tests.children import children
from toolace_mt.garbage import collect_rarely

__all__: list[str] = []

_ROUNDS = 3


def theirs() -> dict[str, float]:
    from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_utils import execute_multi_turn_func_call

    entries = list(read_entries())

    def run(label: str) -> float:
        began = time.process_time()
        for entry in entries:
            record = entry.record
            for turn in entry.written_turns:
                execute_multi_turn_func_call(
                    func_call_list=list(turn),
                    initial_config=record["initial_config"],
                    involved_classes=record["involved_classes"],
                    model_name=label,
                    test_entry_id=record["id"],
                    long_context="long_context" in record["id"],
                )
        return time.process_time() - began

    run("warm")
    return _figures(min(run(f"round {number}") for number in range(_ROUNDS)), len(entries))


async def ours(read: StateReading) -> dict[str, float]:
    entries = list(read_entries())
    collect_rarely()
    wanted = [TrustedTrajectory(record=entry.record, turns=entry.turns) for entry in entries]
    async with open_trusted("bfcl") as runtime:
        await runtime.run(wanted, read=read)
        costs = []
        for _ in range(_ROUNDS):
            before = _used()
            await runtime.run(wanted, read=read)
            costs.append(_used() - before)
    return _figures(min(costs), len(entries))


def _used() -> float:
    return time.process_time() + sum(cpu_seconds(pid) for pid in children())


def _figures(seconds: float, dialogues: int) -> dict[str, float]:
    return {"per_core_second": dialogues / seconds, "cpu_ms": 1000 * seconds / dialogues}


if __name__ == "__main__":
    match sys.argv[1]:
        case "theirs":
            found = theirs()
        case "ours":
            found = anyio.run(ours, StateReading.DIGEST)
        case "ours-final":
            found = anyio.run(ours, StateReading.FINAL)
        case _:
            found = anyio.run(ours, StateReading.TURN)
    sys.stdout.write(json.dumps(found) + "\n")
