"""The 800 multi-turn entries of BFCL: their ground truth executed by their own checker, or audited by us.

``ours-executing`` chooses the rules about execution and state alone, which is all that theirs looks at.
Both begin with the files and without the classes: reading them and importing those is part of both times.
With a number of times, the entries are gone through that often, and start and imports are part of neither.
``states`` compares what both find after each turn; it is no part of the times.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio

from sandbox import StateReading, TrustedExecution, TrustedTrajectory, open_trusted
from sandbox.trusted.bfcl_entries import CATEGORIES
from tests.bench.measure import measured, report, tell
from tests.bfcl_truth import read_entries
from toolace_mt import audit_async
from toolace_mt.garbage import collect_rarely

_BESIDE = ("possible_answer", "multi_turn_func_doc")
_EXECUTION = ("TA5", "TA6")
_CHECKER = "bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker"


def _files() -> list[Path]:
    found = find_spec("bfcl_eval")
    assert found is not None
    assert found.origin is not None
    data = Path(found.origin).parent / "data"
    return [data / f"BFCL_v4_{category}.json" for category in CATEGORIES]


async def _theirs(files: Sequence[Path]) -> int:
    check = import_module(_CHECKER).multi_turn_checker
    checked = 0
    for file in files:
        answers = {answer["id"]: answer for answer in _lines(file.parent / "possible_answer" / file.name)}
        for entry in _lines(file):
            truth = answers[entry["id"]]["ground_truth"]
            assert check([[turn] for turn in truth], truth, entry, entry["id"], "bench")["valid"]
            checked += 1
    return checked


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, file.read_text().splitlines())


async def _ours(files: Sequence[Path], jobs: int, rules: Sequence[str]) -> int:
    audited = await audit_async(files, environment="bfcl", jobs=jobs, select=rules)
    assert audited.outcomes["failed"] == 0
    assert not [code for code in audited.rules if code.startswith(("TA5", "TA6"))]
    return audited.dialogues


async def _theirs_again(files: Sequence[Path], times: int) -> None:
    await _theirs(files)
    tell(await measured(partial(_theirs, [*files] * times)))


async def _ours_again(files: Sequence[Path], jobs: int, rules: Sequence[str], times: int) -> None:
    """An audit of so many copies less one of a single copy: what both start with falls away."""
    with tempfile.TemporaryDirectory() as name:
        copies = [copy for number in range(times + 1) for copy in _linked(files, Path(name) / str(number))]
        await _ours(files, jobs, rules)
        few = await measured(partial(_ours, copies[: len(files)], jobs, rules), with_ended=True)
        many = await measured(partial(_ours, copies, jobs, rules), with_ended=True)
    tell(many.less(few))


def _linked(files: Sequence[Path], folder: Path) -> list[Path]:
    """The files under other names, with what belongs to them."""
    folder.mkdir()
    for one in (*files, *(file.parent / beside for file in files[:1] for beside in _BESIDE)):
        (folder / one.name).symlink_to(one)
    return [folder / file.name for file in files]


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
    match sys.argv[1:]:
        case ["theirs"]:
            anyio.run(report, partial(_theirs, _files()))
        case ["theirs", times]:
            anyio.run(_theirs_again, _files(), int(times))
        case ["states"]:
            anyio.run(_states)
        case ["ours" | "ours-executing" as what, jobs, *times]:
            collect_rarely()
            rules = _EXECUTION if what == "ours-executing" else ()
            if times:
                anyio.run(_ours_again, _files(), int(jobs), rules, int(times[0]))
            else:
                work = partial(_ours, _files(), int(jobs), rules)
                anyio.run(partial(report, work, with_ended=True))
