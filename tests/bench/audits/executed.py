"""An audit of dialogues of which every call is executed again in its pack.

``desk`` audits 6,000 of six calls each in one pack, ``made`` 3,000 as they are made here, over all packs and
twice as long.  By all rules, or with rules as arguments by these alone.  ``again`` before the rules audits
more, and leaves out what both audits begin with: reading and compiling the packs, starting the worker.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio

from sandbox import open_runtime, pinned_digests
from tests.bench.audits.desk_dialogues import desk_dialogues
from tests.bench.measure import measured, report, tell
from tests.bench.pipelines.dialogues import make_dialogues
from toolace_mt import audit_async
from toolace_mt.garbage import collect_rarely

_TIMES = 10
_AGAIN = 3
_DESK = 600


async def _audit(dialogues: Path, rules: Sequence[str]) -> int:
    found = await audit_async([dialogues], environment="auto", select=rules)
    assert found.outcomes["agreed"] == found.outcomes["run"]
    assert not found.findings
    return found.dialogues


async def _dialogues(which: str, folder: Path) -> bytes:
    if which == "desk":
        async with open_runtime(workers=1, trusted=pinned_digests()) as runtime:
            return await desk_dialogues(runtime, _DESK)
    await make_dialogues(folder)
    return (folder / "run" / "dialogues.jsonl").read_bytes()


async def _main(which: str, rules: Sequence[str], *, again: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = await _dialogues(which, folder)
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
    again = sys.argv[2:3] == ["again"]
    anyio.run(partial(_main, sys.argv[1], sys.argv[3:] if again else sys.argv[2:], again=again))
