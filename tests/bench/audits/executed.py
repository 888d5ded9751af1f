"""An audit of 3,000 dialogues made here, every call of them executed again in its pack.

By all rules, or with rules as arguments by these alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio

from tests.bench.measure import report
from tests.bench.pipelines.dialogues import make_dialogues
from toolace_mt import audit_async
from toolace_mt.garbage import collect_rarely

_TIMES = 10


async def _audit(dialogues: Path, rules: Sequence[str]) -> int:
    found = await audit_async([dialogues], environment="auto", select=rules)
    assert found.outcomes["agreed"] == found.outcomes["run"]
    return found.dialogues


async def _main(rules: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await make_dialogues(folder)
        made = (folder / "run" / "dialogues.jsonl").read_bytes()
        many = folder / "many.jsonl"
        many.write_bytes(made * _TIMES)
        await report(partial(_audit, many, rules), with_ended=True)


if __name__ == "__main__":
    collect_rarely()
    anyio.run(_main, sys.argv[1:])
