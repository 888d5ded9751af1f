"""Runs with the simulated model: what they leave says so, and how they stand can be told at any time."""

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest

from engine import writer_of
from engine.simulated import Behaviour, SimulatedServer
from tests.end_to_end.program import command, data_of, environment, records_of, run_program

WORDS = ("generate", "--model", "simulated", "--count", "4", "--concurrency", "4")


@pytest.fixture(scope="module")
async def made(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:  # noqa: ARG001  # a module's fixture
    folder = tmp_path_factory.mktemp("simulated") / "run"
    finished = await run_program(*WORDS, "--out", folder)
    assert finished.status == 0, finished.err
    return folder, finished.out + finished.err


async def stats_of(folder: Path) -> dict[str, Any]:
    told = await run_program("stats", folder, "--output", "json")
    assert told.status == 0, told.err
    found: dict[str, Any] = orjson.loads(told.out)
    return found


def test_everything_that_a_simulated_run_leaves_says_that_it_is_simulated(made: tuple[Path, str]) -> None:
    folder, said = made
    assert "model is simulated" in said
    assert orjson.loads((folder / "ledger.json").read_bytes())["model"] == "simulated-0-0"
    for name in ("dialogues.jsonl", "rejected.jsonl"):
        for record in records_of(folder, name):
            assert record["metadata"]["simulated"] == "simulated-0-0"
    pairs = records_of(folder, "preferences.jsonl")
    assert pairs
    assert all(pair["simulated"] == "simulated-0-0" for pair in pairs)
    assert '"model":"simulated-0-0"' in (folder / "run.log").read_text()


def test_a_simulated_run_accepts_dialogues_in_the_models_words(made: tuple[Path, str]) -> None:
    folder, _ = made
    for record in records_of(folder):
        replaced = sum(len(entry["replaced"]) for entry in record["metadata"]["refinement"])
        spoken = sum(message["role"] in {"user", "assistant"} for message in record["messages"])
        assert replaced > spoken / 4


async def test_the_audit_finds_nothing_in_simulated_dialogues(made: tuple[Path, str]) -> None:
    folder, _ = made
    told = await run_program("audit", folder / "dialogues.jsonl", "--env", "auto", "--output", "json")
    assert told.status == 0, told.out


async def test_stats_of_a_finished_run_are_those_of_its_ledger(made: tuple[Path, str]) -> None:
    folder, _ = made
    found = await stats_of(folder)
    ledger = orjson.loads((folder / "ledger.json").read_bytes())
    for key in ("accepted", "attempted", "rejected", "requests", "prompt_tokens", "completion_tokens", "usd"):
        assert found[key] == ledger[key], key
    assert (found["state"], found["process"], found["stop"]) == ("finished", None, "no_more_jobs")
    assert found["requests_per_minute"] > 0
    assert found["width"]["reason"]
    text = await run_program("stats", folder)
    assert f"{folder}: finished" in text.out
    assert "4 of 4 dialogues accepted" in text.out


async def test_stats_and_a_signal_tell_how_a_running_run_stands_and_stats_tell_that_it_died(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    async with SimulatedServer(Behaviour(seconds=0.02)).running() as server:
        words = ["generate", "--model", f"simulated:{server.url}", "--count", "500", "--out", str(folder)]
        async with await anyio.open_process(
            command(*words, "--concurrency", "4"),
            env=environment(),
            stdin=None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            with anyio.fail_after(60):
                await server.asked_again(50)
                running = await stats_of(folder)
                process.send_signal(signal.SIGUSR1)
                told = await until(process, r"requests in flight of \d+")
                refused = await run_program(*words, "--resume")
                process.send_signal(signal.SIGKILL)
                await process.wait()
    assert (running["state"], running["process"]) == ("running", process.pid)
    assert running["requests"] > 0
    assert "accepted" in told
    assert "spent" in told
    assert refused.status == 2
    assert f"process {process.pid}" in refused.complaint
    assert writer_of(folder / "run.sqlite") is None
    dead = await stats_of(folder)
    assert (dead["state"], dead["process"], dead["stop"]) == ("dead", None, None)
    assert dead["requests"] >= running["requests"]
    assert dead["wanted"] == 500


async def until(process: Any, pattern: str) -> str:
    """Read what the process says on standard error until all of the status is there."""
    text = ""
    while not (re.search(pattern, text) and "pledged" in text):
        text += (await process.stderr.receive()).decode()
    return text


async def test_stats_of_a_folder_without_a_run_are_refused_in_one_line(tmp_path: Path) -> None:
    told = await run_program("stats", tmp_path)
    assert told.status == 2
    assert str(tmp_path) in told.complaint
    assert "--out" in told.complaint


async def test_the_behaviour_of_the_simulated_model_comes_from_the_configuration(
    made: tuple[Path, str], tmp_path: Path
) -> None:
    quiet, _ = made
    simulated = {"refusal_rate": 0.1, "malformed_rate": 0.02, "retry_after": 0.01}
    (tmp_path / "run.yaml").write_text(json.dumps({"model": "simulated", "count": 4, "simulated": simulated}))
    finished = await run_program("generate", "run.yaml", "--out", "run", folder=tmp_path)
    assert finished.status == 0, finished.err
    assert data_of(tmp_path / "run") == data_of(quiet)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{model: simulated, simulated: {error_rate: 2}}", "simulated.error_rate"),
        ("{model: simulated, simulated: {outage_rate: 0.6, refusal_rate: 0.6}}", "more than 1"),
        ("{model: simulated, endpoints: [{url: 'http://127.0.0.1:9'}]}", "not both"),
        ("{endpoints: [{url: 'http://127.0.0.1:9', weight: 0, model: m}]}", "weight"),
        ("{endpoints: [{url: 'http://127.0.0.1:9', key_env: NO_SUCH_KEY, model: m}]}", "NO_SUCH_KEY"),
        ("{endpoints: [{url: 'http://127.0.0.1:9'}]}", "--model-name"),
    ],
)
async def test_a_wrong_model_section_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "run.yaml").write_text(text)
    finished = await run_program("generate", "run.yaml", folder=tmp_path)
    assert finished.status == 2
    assert named in finished.complaint
