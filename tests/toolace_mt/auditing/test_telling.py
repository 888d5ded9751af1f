"""What an audit tells people and programs fits, steers nothing, and says what it left out."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console

from toolace_mt.auditing import AuditReport, audit
from toolace_mt.auditing.json_bytes import json_bytes, plain_text
from toolace_mt.auditing.programs import as_github, as_json
from toolace_mt.auditing.sarif import as_sarif
from toolace_mt.auditing.table import print_table
from toolace_mt.auditing.unchecked import not_checked
from toolace_mt.commands.audit import audit as command

DATASETS = Path(__file__).parents[3] / "fixtures" / "datasets"
FAULTS = DATASETS / "openai_faults.jsonl"
NASTY = "50% \x1b[31mred\x07\r\n::error::a,b:c \u202eabc\u2028"


def table_of(report: AuditReport, width: int, **options: Any) -> str:
    console = Console(file=io.StringIO(), width=width, **options)
    print_table(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def dialogue(tool: str = "get_order", *, declares: bool = True, result: bool = True) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"order_id": {"type": "string"}}}
    function = {"name": tool, "arguments": json.dumps({"order_id": "O1723"})}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "What of order O1723?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": function}],
        },
    ]
    messages += [{"role": "tool", "tool_call_id": "c", "content": "{}"}] if result else []
    messages.append({"role": "assistant", "content": "It is there."})
    tools = [
        {"type": "function", "function": {"name": "get_order", "description": "", "parameters": parameters}}
    ]
    return {"id": "d", "messages": messages, **({"tools": tools} if declares else {})}


def audited(folder: Path, *records: dict[str, Any], name: str = "data.jsonl", **options: Any) -> AuditReport:
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return audit(path, **options)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_table_fits_every_width_and_loses_no_rule_and_no_verdict(width: int) -> None:
    report = audit(FAULTS)
    lines = table_of(report, width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    text = " ".join("\n".join(lines).split())
    assert all(f"{code} " in text for code in report.rules)
    assert lines[-1].startswith("20 of 42 records have errors")


def test_there_is_no_colour_in_a_pipe_or_where_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    report = audit(FAULTS)
    assert "\x1b" not in table_of(report, 80)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", table_of(report, 80, force_terminal=True))
    assert "\x1b" not in CliRunner().invoke(command, [str(FAULTS)]).stdout


def test_the_width_of_a_pipe_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    lines = CliRunner().invoke(command, [str(FAULTS)]).stdout.splitlines()
    assert max(map(cell_len, lines)) <= 50


def test_the_worst_and_the_slowest_files_are_named() -> None:
    text = table_of(audit([FAULTS, DATASETS / "broken.jsonl", DATASETS / "openai_spellings.json"]), 200)
    worst = text[text.index("Worst files") : text.index("Slowest files")]
    assert [line.split()[0:3] for line in worst.splitlines()[1:3]] == [["6", "of", "8"], ["20", "of", "42"]]
    assert "openai_spellings" not in worst
    assert "ms a record" in text


@pytest.mark.parametrize(
    ("records", "options", "words"),
    [
        ([dialogue()], {}, "nothing was executed: no --env given"),
        ([dialogue(declares=False)] * 2, {}, "2 calls not looked up: the record declares no tools"),
        ([dialogue(result=False)], {"ignore": ["TA1"]}, "1 call without a recorded result"),
        ([dialogue()], {"ignore": ["TA301"]}, "1 rule switched off: TA301"),
        ([dialogue()], {"environment": "auto"}, "1 dialogue not executed in auto"),
        (
            [dialogue()],
            {"select": ["TA5"]},
            "1 call whose values were not traced: none of TA401 to TA404 is chosen",
        ),
    ],
)
def test_what_was_not_checked_is_said_with_its_reason(
    tmp_path: Path, records: Sequence[dict[str, Any]], options: dict[str, Any], words: str
) -> None:
    report = audited(tmp_path, *records, **options)
    assert words in not_checked(report)
    assert words in table_of(report, 120)


def test_a_file_without_any_record_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    (tmp_path / "b.json").write_text("[]")
    (tmp_path / "c.jsonl").write_text(json.dumps(dialogue()))
    assert "2 files without any record" in not_checked(audit(tmp_path))


def test_what_a_finding_tells_is_no_gap(tmp_path: Path) -> None:
    """A call of an undeclared tool was checked; so is one with wrong arguments, even if the rule is off."""
    for ignored in ((), ("TA2", "TA3", "TA4")):
        report = audited(tmp_path, dialogue("other"), ignore=ignored)
        assert not [words for words in not_checked(report) if words.startswith("1 call")]
    faults = audit(FAULTS, select=["TA402"])
    assert faults.gaps == audit(FAULTS).gaps


def test_nothing_of_the_data_steers_the_terminal(tmp_path: Path) -> None:
    odd = dialogue(NASTY)
    arguments = json.dumps({"order_id": 7, NASTY: NASTY})
    odd["messages"][1]["tool_calls"].append(
        {"id": "e", "type": "function", "function": {"name": "get_order", "arguments": arguments}}
    )
    text = table_of(audited(tmp_path, odd), 80, force_terminal=True, color_system=None)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028]", re.sub(r"\x1b\[[0-9;]*m", "", text))
    assert "\x1b[31m" not in text


@pytest.mark.parametrize("name", ["data.jsonl", "a,b:c %.jsonl"])
def test_each_annotation_is_one_command_whatever_the_data_says(tmp_path: Path, name: str) -> None:
    report = audited(tmp_path, dialogue(NASTY), name=name)
    lines = list(as_github(report))
    commands = [re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line) for line in lines[:-1]]
    assert len(commands) == len(report.findings) > 0
    for found in commands:
        assert found is not None
        properties = dict(part.split("=", 1) for part in found[2].split(","))
        assert unquote(properties["file"]).endswith(name)
        assert properties["line"] == "1"
        assert not re.search(r"[\r\n]", found[3])
    assert not lines[-1].startswith("::")


def test_annotations_of_a_file_that_is_no_list_of_lines_name_the_record(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps([dialogue(), dialogue("other")], indent=1))
    first = next(iter(as_github(audit(path))))
    assert "line=" not in first
    assert "::record 1: turn 1: " in first


def test_a_finding_about_an_argument_names_it_wherever_it_is_told() -> None:
    report = audit(FAULTS, select=["TA303"])
    (found,) = report.findings
    assert found.finding.path == "$.guests"
    (result,) = json.loads(as_sarif(report))["runs"][0]["results"]
    told = (table_of(report, 200), next(iter(as_github(report))), result["message"]["text"])
    assert all("turn 1, $.guests: " in text for text in told)


def test_sarif_has_all_that_its_specification_demands(tmp_path: Path) -> None:
    """SARIF 2.1.0: sections 3.13, 3.14, 3.18, 3.19, 3.20, 3.27, 3.29, 3.30 and 3.33."""
    report = audited(tmp_path, dialogue(NASTY), dialogue("other"), name="ä b#%.jsonl")
    log = json.loads(as_sarif(report))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    assert [rule["id"] for rule in rules] == list(report.rules)
    assert all(
        rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"} for rule in rules
    )
    assert all(
        rule[text]["text"] for rule in rules for text in ("shortDescription", "fullDescription", "help")
    )
    assert [invocation["executionSuccessful"] for invocation in run["invocations"]] == [True]
    assert len(run["results"]) == len(report.findings)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"note", "warning", "error"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", uri)
        assert unquote(uri).endswith("ä b#%.jsonl")
        assert location["physicalLocation"]["region"]["startLine"] >= 1


def test_json_is_the_summary_and_the_findings_as_the_files_have_them(tmp_path: Path) -> None:
    report = audit(FAULTS, out=tmp_path)
    told = json.loads("\n".join(as_json(report)))
    assert told.pop("findings") == [
        json.loads(line) for line in (tmp_path / "findings.jsonl").read_text().splitlines()
    ]
    assert told == json.loads((tmp_path / "summary.json").read_text())


def test_a_name_that_is_no_text_is_told_by_every_output(tmp_path: Path) -> None:
    """File names are bytes; Python gives those that are no UTF-8 as lone surrogates."""
    path = tmp_path / "caf\udce9.jsonl"
    path.write_text(json.dumps(dialogue("other")) + "\n")
    report = audit([path, FAULTS], out=tmp_path / "out")
    assert json.loads("\n".join(as_json(report)))["findings"][0]["file"].endswith("caf\udce9.jsonl")
    assert "caf%E9.jsonl" in as_sarif(report)
    for text in (*as_github(report), table_of(report, 80), (tmp_path / "out" / "report.html").read_text()):
        text.encode()


def test_json_is_written_for_any_text() -> None:
    value = {"a": "\ud800\u2028", "b": [1, None, "é"]}
    assert json.loads(json_bytes(value)) == json.loads(json_bytes(value, indent=True)) == value
    assert plain_text("a\x1b\ud800\u202e\tb\n") == "a\ufffd?\ufffd\tb\n"
