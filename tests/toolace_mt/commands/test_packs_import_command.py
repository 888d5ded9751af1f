"""``toolace-mt packs import`` and ``packs serve``, through click."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sandbox import ImportFailed, ServingFailed, UnknownWorld
from toolace_mt.commands.packs import packs

TESTS = Path(__file__).parents[2]
BAKERY = str(TESTS / "sandbox" / "importers" / "bakery.yaml")
LIBRARY = str(TESTS / "sandbox" / "packs" / "library")
needs_mcp = pytest.mark.skipif(find_spec("mcp") is None, reason="the extra mcp is not installed")


def _invoke(*arguments: str) -> Result:
    return CliRunner().invoke(packs, list(arguments))


def test_an_import_says_what_it_made_and_what_it_left_out(tmp_path: Path) -> None:
    folder = str(tmp_path / "bakery")
    result = _invoke("import", BAKERY, "--to", folder)
    assert result.exit_code == 0
    assert "4 tools; mock: schema-true" in result.stdout
    assert "note: GET /lost is left out" in result.stderr
    assert "mock: schema-true" in _invoke("show", folder).stdout
    ran = _invoke("run", folder, "--call", 'get_bread {"bread_id": "B1"}')
    assert '"status":"returned"' in ran.stdout


@pytest.mark.parametrize(
    ("lines", "words"),
    [("[1]", "line 1: write"), ("\n{", "line 2: not JSON"), ('{"name": "x"}', "line 1: write")],
)
def test_a_wrong_line_of_calls_is_named(tmp_path: Path, lines: str, words: str) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text(lines)
    result = _invoke("import", BAKERY, "--to", str(tmp_path / "new"), "--record", str(calls))
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_document_answers_no_calls(tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text('{"name": "x", "arguments": {}}')
    result = _invoke("import", BAKERY, "--to", str(tmp_path / "new"), "--record", str(calls))
    assert isinstance(result.exception, ImportFailed)
    assert "answers no calls" in str(result.exception)


@needs_mcp
def test_a_port_in_use_and_an_unknown_world_are_named() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert isinstance(_invoke("serve", LIBRARY, "--http", port).exception, ServingFailed)
    assert isinstance(_invoke("serve", LIBRARY, "--world", "moon", "--http", "0").exception, UnknownWorld)


@pytest.mark.skipif(find_spec("mcp") is not None, reason="the extra mcp is installed")
def test_the_missing_extra_is_named_with_the_way_to_install_it() -> None:
    assert "toolace-mt[mcp]" in str(_invoke("serve", LIBRARY).exception)
