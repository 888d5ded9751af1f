"""300 coarse dialogues made without a model, or audited with every call executed again."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import anyio

from tests.bench.measure import report
from toolace_mt import audit_async, generate_async
from toolace_mt.config import GenerateConfig

__all__ = ["make_dialogues"]

_DIALOGUES = 300


async def make_dialogues(folder: Path) -> int:
    """Leave ``run/dialogues.jsonl`` in the folder; give how many were tried."""
    silent = folder / "silent.jsonl"
    silent.write_text('{"cassette": 1, "model": "none"}\n', encoding="utf-8")
    config = GenerateConfig(
        model=f"cassette:{silent}", count=_DIALOGUES, rounds=0, repairs=0, out=folder / "run", concurrency=8
    )
    run = await generate_async(config)
    return int(run.ledger["attempted"])


async def _audit(dialogues: Path) -> int:
    found = await audit_async([dialogues], environment="auto")
    return found.dialogues


async def _main(which: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if which == "make":
            await report(partial(make_dialogues, folder))
        else:
            await make_dialogues(folder)
            await report(partial(_audit, folder / "run" / "dialogues.jsonl"))


if __name__ == "__main__":
    anyio.run(_main, sys.argv[1])
