"""``toolace-mt packs``, through click."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sandbox import state_digest
from toolace_mt.commands.packs import packs

LIBRARY = str(Path(__file__).parents[2] / "sandbox" / "packs" / "library")
LEND = {"name": "lend_book", "arguments": {"book_id": "B-1", "member_id": "M-1"}}


def _invoke(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(packs, list(arguments), input=stdin)


def _lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_calls_on_the_command_line_are_one_dialogue() -> None:
    result = _invoke("run", LIBRARY, "--call", f"lend_book {json.dumps(LEND['arguments'])}", "--call", "nope")
    assert result.exit_code == 0
    (line,) = _lines(result)
    assert line["outcomes"] == [
        {"status": "returned", "value": {"loan_id": "N1", "due": "2026-03-16"}},
        {
            "status": "fault",
            "kind": "unknown_tool",
            "code": "unknown_tool",
            "message": "no tool 'nope'; the tools are find_books, lend_book, return_book",
        },
    ]


def test_each_line_of_a_file_is_a_dialogue_on_a_fresh_world(tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    dialogues = [[LEND], {"world": "town", "calls": [LEND]}, []]
    calls.write_text("\n".join(json.dumps(dialogue) for dialogue in dialogues))
    first, second, empty = _lines(_invoke("run", LIBRARY, str(calls)))
    assert first == second
    state = json.loads((Path(LIBRARY) / "worlds" / "town.json").read_text())
    assert empty == {"outcomes": [], "final_state_digest": state_digest(state)}


def test_a_planned_fault_comes_from_the_file() -> None:
    fault = {"kind": "tool_error", "code": "none_left", "message": "Sorry."}
    result = _invoke("run", LIBRARY, "-", stdin=json.dumps({"calls": [LEND], "faults": {"0": fault}}))
    assert _lines(result)[0]["outcomes"] == [{"status": "fault", **fault}]


WRONG = {
    "not JSON": "[{",
    "no list": "7",
    "no name": '[{"arguments": {}}]',
    "no object of arguments": '[{"name": "x", "arguments": [1]}]',
    "unknown key": '{"calls": [], "word": "town"}',
    "unknown world": '{"calls": [], "world": "moon"}',
    "unknown fault": '{"calls": [], "faults": {"0": {"kind": "boom"}}}',
    "fault without number": '{"calls": [], "faults": {"x": {"kind": "timeout"}}}',
}


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_line_is_named_and_what_came_before_it_stays(line: str) -> None:
    result = _invoke("run", LIBRARY, "-", stdin=f"{json.dumps([LEND])}\n\n{line}\n{json.dumps([LEND])}\n")
    assert result.exit_code == 2
    assert len(_lines(result)) == 1
    assert "standard input line 3" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_nothing_to_run_is_wrong_usage() -> None:
    result = _invoke("run", LIBRARY)
    assert result.exit_code == 2
    assert "give CALLS.jsonl or --call" in result.stderr


def test_arguments_that_are_not_json_are_wrong_usage() -> None:
    result = _invoke("run", LIBRARY, "--call", "lend_book {")
    assert result.exit_code == 2
    assert "arguments are not JSON" in result.stderr


def test_a_missing_file_is_named() -> None:
    result = _invoke("run", LIBRARY, "no-such-file.jsonl")
    assert result.exit_code == 2
    assert "no-such-file.jsonl" in result.stderr


def test_a_sound_pack_checks_out() -> None:
    result = _invoke("check", LIBRARY, "--examples", "10")
    assert result.exit_code == 0
    assert result.stdout.startswith("library: 0 errors")


def test_a_pack_with_a_bug_fails_the_check_and_shows_the_calls(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(LIBRARY, tmp_path / "library"))
    source = (folder / "tools.py").read_text()
    (folder / "tools.py").write_text(source.replace("max(0, ctx", "max(-99, ctx"))
    result = _invoke("check", str(folder), "--examples", "30")
    assert result.exit_code == 1
    expected = "error P3 (declared results and errors): the result does not fit its schema: $.late_days"
    assert f"library/return_book: {expected}" in result.stdout
    (shown, *_) = [shlex.split(line) for line in result.stdout.splitlines() if "packs run" in line]
    assert shown[:3] == ["toolace-mt", "packs", "run"]
    (broken,) = json.loads(_invoke(*shown[2:]).stdout)["broken"]
    assert (broken["property"], broken["tool"]) == ("P3", "return_book")


def test_a_change_of_the_world_must_lead_somewhere() -> None:
    call = ("--call", 'return_book {"loan_id": "L-1"}')
    result = _invoke("run", LIBRARY, "--strict", "--set", "books.B-9.copies_free=1", *call)
    assert result.exit_code != 0
    result = _invoke("run", LIBRARY, "--set", "books.B-1.copies_free=1", *call)
    assert result.exit_code == 2
    result = _invoke("run", LIBRARY, "--strict", "--set", "books.B-1.copies_free=1", *call)
    assert json.loads(result.stdout)["broken"] == []


def test_a_check_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _invoke("check", LIBRARY, "--examples", "5").exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_show_lists_the_tools() -> None:
    result = _invoke("show", LIBRARY)
    assert result.exit_code == 0
    assert "return_book" in result.stdout
