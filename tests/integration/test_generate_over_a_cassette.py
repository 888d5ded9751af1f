"""A run over recorded replies: no network, the same data, and a hole in the recording is named."""

from pathlib import Path

import pytest

from engine import UnusableModel
from tests.end_to_end.golden import CASSETTE, golden_config
from toolace_mt import generate_async


async def test_a_cassette_gives_the_same_run_at_any_width(tmp_path: Path) -> None:
    files = []
    for width in (1, 3):
        config = golden_config(tmp_path / str(width)).model_copy(update={"concurrency": width})
        run = await generate_async(config)
        assert run.ledger["model"] == "harmless"
        assert run.ledger["usd"] == 0
        files.append(run.dialogues.read_bytes())
    assert files[0] == files[1]


async def test_a_reply_that_was_not_recorded_stops_the_run_and_says_how_to_record_it(tmp_path: Path) -> None:
    lines = CASSETTE.read_bytes().splitlines(keepends=True)
    sparse = tmp_path / "sparse.jsonl"
    sparse.write_bytes(b"".join([lines[0], *lines[1::2]]))
    with pytest.raises(
        UnusableModel, match=r"sparse\.jsonl holds no reply to this request of refine.*record"
    ):
        await generate_async(golden_config(tmp_path / "run", sparse))
