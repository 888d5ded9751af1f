"""The 800 multi-turn entries of BFCL: their ground truth executed by their own checker, or audited by us."""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import anyio

from sandbox.trusted.bfcl import CATEGORIES, BfclEntry, read_entries
from tests.bench.measure import report
from toolace_mt import audit_async

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


if __name__ == "__main__":
    if sys.argv[1] == "theirs":
        anyio.run(report, partial(_theirs, list(read_entries())))
    else:
        anyio.run(report, partial(_ours, int(sys.argv[2])))
