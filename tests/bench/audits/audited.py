"""An audit of so many dialogues of six calls, in so many processes."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import anyio

from tests.bench.audits.six_calls import CALLS, write_dialogues
from tests.bench.measure import report
from toolace_mt import audit_async
from toolace_mt.garbage import collect_rarely

_IN_A_FILE = 100_000


async def _audit(path: Path, jobs: int) -> int:
    found = await audit_async([path], jobs=jobs)
    assert not found.findings
    assert found.levels["grounded"] == CALLS * found.dialogues
    return found.dialogues


def _written(folder: Path, count: int) -> None:
    """Very many are the same file under several names, for they would fill the disk."""
    first = write_dialogues(folder / "0.jsonl", min(count, _IN_A_FILE))
    for number in range(1, count // _IN_A_FILE):
        (folder / f"{number}.jsonl").symlink_to(first)


async def _main(count: int, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        _written(Path(name), count)
        await report(partial(_audit, Path(name), jobs))


if __name__ == "__main__":
    collect_rarely()
    anyio.run(_main, int(sys.argv[1]), int(sys.argv[2]))
