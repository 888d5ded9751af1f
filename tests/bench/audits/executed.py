"""An audit of 3,000 dialogues made here, every call of them executed again in its pack.

By all rules, or with rules as arguments by these alone.  ``again`` before them audits more, and leaves out
what both audits begin with: reading and compiling the packs, starting the worker.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio

from tests.bench.measure import measured, report, tell
from tests.bench.pipelines.dialogues import make_dialogues
from toolace_mt import audit_async
from toolace_mt.garbage import collect_rarely

_TIMES = 10
_AGAIN = 3


async def _audit(dialogues: Path, rules: Sequence[str]) -> int:
    found = await audit_async([dialogues], environment="auto", select=rules)
    assert found.outcomes["agreed"] == found.outcomes["run"]
    return found.dialogues


async def _main(rules: Sequence[str], *, again: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await make_dialogues(folder)
        made = (folder / "run" / "dialogues.jsonl").read_bytes()
        many = _written(folder / "many.jsonl", made * _TIMES)
        if not again:
            await report(partial(_audit, many, rules), with_ended=True)
            return
        more = _written(folder / "more.jsonl", made * _TIMES * _AGAIN)
        await _audit(many, rules)
        few = await measured(partial(_audit, many, rules), with_ended=True)
        tell((await measured(partial(_audit, more, rules), with_ended=True)).less(few))


def _written(path: Path, dialogues: bytes) -> Path:
    path.write_bytes(dialogues)
    return path


if __name__ == "__main__":
    collect_rarely()
    again = sys.argv[1:2] == ["again"]
    anyio.run(partial(_main, sys.argv[2:] if again else sys.argv[1:], again=again))
