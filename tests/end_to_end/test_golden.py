"""A whole output, byte for byte; remade by ``python -m tests.end_to_end.remake_golden``."""

from pathlib import Path

from sandbox import open_runtime
from tests.end_to_end.golden import CASSETTE, GOLDEN, golden_config
from tests.end_to_end.program import run_program
from tests.end_to_end.remake_golden import remake


async def test_a_recorded_run_gives_the_golden_file_to_the_byte(tmp_path: Path) -> None:
    config = golden_config(tmp_path / "run")
    words = ["--model", config.model, "--count", config.count, "--seed", config.seed, "--out", config.out]
    finished = await run_program("generate", *map(str, words))
    assert finished.status == 0, finished.err
    async with open_runtime(workers=1) as runtime:
        level = str(runtime.isolation.level)
    # How well the sandbox is walled in here is the one thing that the machine decides.
    golden = GOLDEN.read_bytes().replace(b'"isolation":"strong"', f'"isolation":"{level}"'.encode())
    assert (tmp_path / "run" / "dialogues.jsonl").read_bytes() == golden


async def test_the_golden_files_are_remade_as_they_are(tmp_path: Path) -> None:
    await remake(tmp_path / "cassette.jsonl", tmp_path / "dialogues.jsonl")
    assert (tmp_path / "cassette.jsonl").read_bytes() == CASSETTE.read_bytes()
