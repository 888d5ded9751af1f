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


async def _audit(path: Path, jobs: int) -> int:
    found = await audit_async([path], jobs=jobs)
    assert not found.findings
    assert found.levels["grounded"] == CALLS * found.dialogues
    return found.dialogues


async def _main(count: int, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_dialogues(Path(folder) / "dialogues.jsonl", count)
        await report(partial(_audit, path, jobs))


if __name__ == "__main__":
    anyio.run(_main, int(sys.argv[1]), int(sys.argv[2]))
