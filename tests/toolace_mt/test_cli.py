"""The command line starts quickly, and says so when a stranger has taken the name of one of our packages."""

import subprocess
import sys
from pathlib import Path

import pytest


def run(*words: str, folder: Path, code: str = "") -> subprocess.CompletedProcess[str]:
    program = ["-c", code] if code else ["-m", "toolace_mt"]
    return subprocess.run(
        [sys.executable, *program, *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "words", [["--help"], ["generate", "--help"], ["stats", "--help"], ["audit", "--help"]]
)
def test_help_loads_neither_the_engine_nor_the_sandbox_nor_a_heavy_library(
    words: list[str], tmp_path: Path
) -> None:
    code = (
        "import atexit, sys; from toolace_mt.cli import main\n"
        "heavy = ('engine.chat', 'sandbox.runtime', 'aiohttp', 'pydantic', 'anyio', 'rich')\n"
        "atexit.register(lambda: print('loaded:', [name for name in heavy if name in sys.modules]))\n"
        f"main({words!r})"
    )
    told = run(folder=tmp_path, code=code)
    assert told.returncode == 0, told.stderr
    assert "loaded: []" in told.stdout


@pytest.mark.parametrize("words", [[], ["packs"]])
def test_a_group_without_a_command_shows_its_help(words: list[str], tmp_path: Path) -> None:
    told = run(*words, folder=tmp_path)
    assert (told.returncode, told.stderr) == (2, "")
    assert told.stdout == run(*words, "--help", folder=tmp_path).stdout


@pytest.mark.parametrize("name", ["engine", "sandbox"])
def test_a_package_that_hides_ours_is_named_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    told = run("rules", folder=tmp_path)
    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert f"{name!r} hides ours ({tmp_path / name})" in line
