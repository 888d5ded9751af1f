"""Record the golden cassette and write the golden file: ``python -m tests.end_to_end.remake_golden``.

Do it after a change of a shipped pack, a prompt, a wording or the planner, and read the difference.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import anyio

from tests.end_to_end.golden import CASSETTE, GOLDEN, golden_config, record
from toolace_mt.generation import generate_async

__all__ = ["remake"]


async def remake(cassette: Path = CASSETTE, golden: Path = GOLDEN) -> None:
    """Write both files; they are put in place only when the cassette gives what was recorded."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        outcomes = await record(folder / "cassette.jsonl")
        run = await generate_async(golden_config(folder / "run", folder / "cassette.jsonl"))
        assert run.ledger["attempted"] == len(outcomes), "the cassette does not give what was recorded"
        requests = sum(outcome.record["metadata"]["cost"]["requests"] for outcome in outcomes)
        assert run.ledger["requests"] == requests, "the cassette holds not every reply"
        for path, made in ((cassette, folder / "cassette.jsonl"), (golden, run.dialogues)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made.read_bytes())


if __name__ == "__main__":
    anyio.run(remake)
