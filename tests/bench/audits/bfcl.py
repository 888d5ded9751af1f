"""The 800 multi-turn entries of BFCL: their ground truth executed by their own checker, or audited by us.

``states`` compares what both find after each turn; it is no part of the times.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import anyio

from sandbox import StateReading, TrustedExecution, TrustedTrajectory, open_trusted
from sandbox.trusted.bfcl import CATEGORIES, BfclEntry, read_entries
from tests.bench.measure import report
from toolace_mt import audit_async
from toolace_mt.garbage import collect_rarely

_CHECKER = "bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker"


async def _theirs(entries: list[BfclEntry]) -> int:
    check = import_module(_CHECKER).multi_turn_checker
    for entry in entries:
        truth = [list(turn) for turn in entry.written_turns]
        verdict = check([[turn] for turn in truth], truth, dict(entry.record), entry.record["id"], "bench")
        assert verdict["valid"]
    return len(entries)


async def _ours(jobs: int) -> int:
    found = find_spec("bfcl_eval")
    assert found is not None
    assert found.origin is not None
    data = Path(found.origin).parent / "data"
    files = [data / f"BFCL_v4_{category}.json" for category in CATEGORIES]
    audited = await audit_async(files, environment="bfcl", jobs=jobs)
    assert audited.outcomes["failed"] == 0
    assert not [code for code in audited.rules if code.startswith(("TA5", "TA6"))]
    return audited.dialogues


async def _states() -> None:
    from tests.sandbox.trusted.test_bfcl import their_run

    entries = list(read_entries())
    trajectories = [TrustedTrajectory(record=entry.record, turns=entry.turns) for entry in entries]
    async with open_trusted("bfcl") as runtime:
        runs = await runtime.run(trajectories, read=StateReading.TURN)
    same = [
        turn.state == state
        for entry, run in zip(entries, runs, strict=True)
        if isinstance(run, TrustedExecution)
        for (_, state), turn in zip(their_run(entry), run.turns, strict=True)
    ]
    sys.stdout.write(json.dumps({"turns": len(same), "equal": sum(same)}) + "\n")


if __name__ == "__main__":
    match sys.argv[1]:
        case "theirs":
            anyio.run(report, partial(_theirs, list(read_entries())))
        case "states":
            anyio.run(_states)
        case _:
            collect_rarely()
            anyio.run(partial(report, partial(_ours, int(sys.argv[2])), with_ended=True))
