"""Wrong use: status 2, one line on standard error that names the thing and the remedy, nothing harmed."""

import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.testing import Answer, OpenAIServer
from sandbox import pack_folder
from tests.end_to_end.program import KEY, Finished, WatchedServer, data_of, run_program
from tests.end_to_end.runs import Reference, arguments

NO_SERVER = ("--model", "http://127.0.0.1:9/v1", "--model-name", "m")


@pytest.fixture(scope="session")
async def strict_server(anyio_backend: str) -> AsyncIterator[OpenAIServer]:  # noqa: ARG001  # a session's fixture
    """It has one model, named ``there``, and takes no key but its own."""

    def choose(asked: Mapping[str, Any], number: int) -> Answer:
        del number
        if asked["model"] != "there":
            return Answer(status=404, text=f"The model `{asked['model']}` does not exist")
        return Answer(text='{"text": "Okay."}')

    server = OpenAIServer(choose, key="sk-another")
    async with server.running():
        yield server


def check(finished: Finished, *named: str) -> None:
    assert finished.status == 2, (finished.status, finished.err)
    line = finished.complaint
    for part in named:
        assert part in line, line
    assert "Traceback" not in finished.out + finished.err
    assert KEY not in finished.out + finished.err


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["frobnicate"], ["frobnicate", "--help"]),
        (["generate", "--count", "0"], ["--count", "greater than 0"]),
        (["generate", "--count", "many"], ["--count", "many"]),
        (["generate", "--frob"], ["--frob"]),
        (["generate", "--pack", "nonsense"], ["nonsense", "retail"]),
        (["generate", "--model", "nonsense"], ["--model nonsense", "gguf:PATH"]),
        (["generate", "--model", "http://127.0.0.1:9/v1"], ["--model-name"]),
        (["generate", *NO_SERVER], ["127.0.0.1:9", "--model"]),
        (["generate", "--model", "cassette:gone.jsonl"], ["gone.jsonl", "No such file"]),
        (["generate", "--model", "gguf:gone.gguf"], ["gone.gguf"]),
        (["generate", "gone.yaml"], ["gone.yaml", "No such file"]),
        (["generate", "--key-file", "gone.key", *NO_SERVER], ["gone.key"]),
        (["generate", "--strategy", "mas"], ["--strategy mas", "nar"]),
        (["packs", "show", "nonsense"], ["nonsense", "retail"]),
        (["packs", "run", "retail"], ["CALLS.jsonl", "--call"]),
        (["packs", "run", "retail", "--call", "get_order {"], ["get_order", "not JSON"]),
        (["audit", "gone.jsonl"], ["gone.jsonl"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
async def test_wrong_use_is_refused_in_one_line(tmp_path: Path, words: list[str], named: list[str]) -> None:
    check(await run_program(*words, folder=tmp_path), *named)


@pytest.mark.parametrize(
    ("text", "named"),
    [("coutn: 3", "coutn"), ("count: [", "not YAML"), ("pack: nonsense", "nonsense")],
)
async def test_a_wrong_key_in_the_configuration_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "run.yaml").write_text(text)
    check(await run_program("generate", "run.yaml", folder=tmp_path), named)
    assert names_in(tmp_path) == ["run.yaml"]


async def test_a_wrong_key_for_the_endpoint_is_named_and_not_shown(
    strict_server: OpenAIServer, tmp_path: Path
) -> None:
    words = [
        "generate",
        "--model",
        strict_server.url,
        "--model-name",
        "there",
        "--out",
        str(tmp_path / "run"),
    ]
    check(await run_program(*words), "127.0.0.1", "key")


async def test_a_model_that_is_not_there_is_named(strict_server: OpenAIServer, tmp_path: Path) -> None:
    words = ["generate", "--model", strict_server.url, "--model-name", "gone", "--out", str(tmp_path / "run")]
    check(await run_program(*words, OPENAI_API_KEY="sk-another"), "gone", "model's name")


async def test_a_start_that_got_no_answer_leaves_the_folder_free(
    server: WatchedServer, tmp_path: Path
) -> None:
    words = ["--out", str(tmp_path / "run"), "--count", "1"]
    assert (await run_program("generate", *NO_SERVER, *words)).status == 2
    right = await run_program("generate", "--model", server.url, "--model-name", "harmless", *words)
    assert right.status == 0, right.err


async def test_the_folder_of_a_run_is_not_taken_without_resume(
    reference: Reference, server: WatchedServer
) -> None:
    files = data_of(reference.folder)
    check(await run_program(*arguments(server, reference.folder)), str(reference.folder), "--resume")
    assert data_of(reference.folder) == files


async def test_the_folder_of_another_run_is_not_gone_on_with(
    reference: Reference, server: WatchedServer
) -> None:
    files = data_of(reference.folder)
    words = arguments(server, reference.folder, seed=8)
    check(await run_program(*words, "--resume"), str(reference.folder), "seed", "--out")
    assert data_of(reference.folder) == files


async def test_an_out_that_is_a_file_is_named(server: WatchedServer, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("precious")
    check(await run_program(*arguments(server, tmp_path / "run")), str(tmp_path / "run"))
    assert (tmp_path / "run").read_text() == "precious"


async def test_a_damaged_journal_is_named(server: WatchedServer, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.sqlite").write_bytes(b"not a database, but long enough to be one" * 100)
    check(await run_program(*arguments(server, tmp_path / "run"), "--resume"), "run.sqlite")


async def test_help_lists_the_commands_and_is_quick_to_come() -> None:
    finished = await run_program("--help")
    assert finished.status == 0
    for name in ("generate", "audit", "packs", "rules"):
        assert f"  {name} " in finished.out
    assert not finished.err


async def test_a_pack_whose_results_are_made_up_makes_no_dialogues(tmp_path: Path) -> None:
    mock = tmp_path / "files"
    shutil.copytree(pack_folder("files"), mock)
    manifest = mock / "pack.yaml"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "mock: schema-true\n", encoding="utf-8")
    finished = await run_program("generate", "--pack", str(mock), *NO_SERVER, "--out", str(tmp_path / "run"))
    check(finished, str(mock), "made up", "docs/packs.md")
    assert not (tmp_path / "run").exists()
