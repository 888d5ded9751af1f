"""Severities, baselines, settings, corrections and SARIF: what a team needs to keep an audit in its CI."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from toolace_mt.auditing import BadSettingsError, BadSeverityError, audit, find_settings, read_settings
from toolace_mt.auditing.sarif import as_sarif
from toolace_mt.auditing.spool import FindingLog
from toolace_mt.commands.audit import audit as audit_command
from toolace_mt.findings import Severity
from toolace_mt.formats import FormatError

DATASETS = Path(__file__).parents[3] / "fixtures" / "datasets"
FAULTS = DATASETS / "openai_faults.jsonl"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(audit_command, [*map(str, arguments)])


def test_a_rule_can_be_made_milder_or_switched_off() -> None:
    plain = audit(FAULTS)
    milder = audit(FAULTS, severities={"TA3": "warning", "ungrounded-identifier": "off"})
    assert milder.records_with_errors < plain.records_with_errors
    assert "TA401" not in milder.rules
    assert {found.severity for found in milder.findings if found.finding.rule == "TA301"} == {
        Severity.WARNING
    }
    with pytest.raises(BadSeverityError, match="unknown severity 'loud' for TA301; use error"):
        audit(FAULTS, severities={"TA301": "loud"})


def test_records_without_ids_are_known_wherever_they_stand(tmp_path: Path) -> None:
    """And a record that cannot be read makes no other one known."""
    faulty = [
        b'{"messages": [{"role": "user", "content": "%d"}, {"role": "tool", "content": "1"}]}' % n
        for n in range(3)
    ]
    torn = [b'{"messages": [', b'{"tools']
    data = tmp_path / "data.jsonl"
    data.write_bytes(b"\n".join([*faulty[:2], torn[0]]) + b"\n")
    first = audit(data, out=tmp_path / "first")
    assert len(first.findings) >= 3
    data.write_bytes(b"\n".join([torn[1], torn[0], faulty[2], *faulty[1::-1]]) + b"\n")
    again = audit(data, baseline=tmp_path / "first" / "findings.jsonl")
    assert again.known_findings == len(first.findings)
    assert {found.place.record for found in again.findings} == {0, 2}


def test_known_findings_are_accepted_and_only_new_ones_count(tmp_path: Path) -> None:
    audit(FAULTS, out=tmp_path / "first")
    baseline = tmp_path / "first" / "findings.jsonl"
    again = audit(FAULTS, baseline=baseline)
    assert len(again.findings) == 0
    assert again.records_with_errors == 0
    assert again.known_findings == sum(audit(FAULTS).rules.values())
    lines = baseline.read_text().splitlines()
    baseline.write_text("\n".join(lines[1:]))
    assert len(audit(FAULTS, baseline=baseline).findings) == 1
    baseline.write_text("[1]")
    with pytest.raises(FormatError, match="line 1 is no finding of an audit"):
        audit(FAULTS, baseline=baseline)


def test_settings_come_from_the_nearest_pyproject_and_the_command_line_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.toolace-mt.audit]\nignore = ["TA1"]\noutput = "json"\nfail-on = 100\n'
        '[tool.toolace-mt.audit.severity]\nTA401 = "info"\n'
    )
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    shown = run(FAULTS)
    assert shown.exit_code == 0
    rules = json.loads(shown.output)["rules"]
    assert not any(code.startswith("TA1") for code in rules)
    assert json.loads(run(FAULTS, "--ignore", "TA3").output)["rules"].keys() != rules.keys()
    assert find_settings(tmp_path).severity == {"TA401": "info"}


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "audit.yaml"
    path.write_text("fail-on: 200\n")
    with pytest.raises(BadSettingsError, match="fail-on"):
        read_settings(path)
    path.write_text("colour: red\n")
    shown = run(FAULTS, "--config", path)
    assert shown.exit_code == 2
    assert "colour" in shown.output


def test_off_may_stand_without_quotes_in_yaml(tmp_path: Path) -> None:
    path = tmp_path / "audit.yaml"
    path.write_text("severity: {TA402: off, TA7: info}\n")
    assert read_settings(path).severity == {"TA402": "off", "TA7": "info"}
    path.write_text("severity: {TA402: on}\n")
    with pytest.raises(BadSettingsError, match="TA402"):
        read_settings(path)


@pytest.mark.parametrize(
    "table", ["tool.toolace-mt", "tool.toolace-mt.audits", "tool.toolace_mt.audit", "tool.toolace_mt"]
)
def test_a_table_that_nothing_reads_is_named(tmp_path: Path, table: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[{table}]\nignore = ["TA1"]\n')
    with pytest.raises(BadSettingsError, match=r"stand in \[tool.toolace-mt.audit\]"):
        find_settings(tmp_path)


def test_a_share_that_is_no_number_is_refused() -> None:
    shown = run(FAULTS, "--fail-on", "nan")
    assert shown.exit_code == 2
    assert "nan is no number" in shown.output


@pytest.mark.parametrize("text", ["", "\n \n", "[]"])
def test_a_named_file_without_a_record_is_a_finding(tmp_path: Path, text: str) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text(text)
    (found,) = audit(path).findings
    assert (found.finding.rule, found.finding.message) == ("TA001", "the file holds no record")
    (tmp_path / "more.jsonl").write_text(json.dumps(broken()))
    assert "TA001" not in audit(tmp_path).rules


def test_sarif_names_each_finding_with_its_rule_and_line() -> None:
    report = audit(FAULTS)
    (told,) = json.loads(as_sarif(report))["runs"]
    assert len(told["results"]) == len(report.findings)
    rules = told["tool"]["driver"]["rules"]
    for result in told["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1
    assert json.loads(run(FAULTS, "--output", "sarif", "--fail-on", "100").output)["version"] == "2.1.0"


def broken() -> dict[str, Any]:
    def call(identity: str, arguments: str) -> dict[str, Any]:
        return {
            "id": identity,
            "type": "function",
            "function": {"name": f"f{identity}", "arguments": arguments},
        }

    parameters = {"type": "dict", "properties": {"a": {"type": "list(str)"}}}
    return {
        "extra": "kept",
        "tools": [
            {"type": "function", "function": {"name": f"f{n}", "parameters": parameters}} for n in "12"
        ],
        "messages": [
            {"role": "user", "content": "Take x."},
            {"role": "assistant", "tool_calls": [call("1", "{'a': ['x']}"), call("2", '{"a": ["x"]}')]},
            {"role": "tool", "tool_call_id": "2", "name": "F2", "content": "two"},
            {"role": "tool", "tool_call_id": "1", "name": "f1", "content": "one"},
            {"role": "assistant", "content": "Done."},
        ],
    }


def test_certain_corrections_are_made_and_logged_and_nothing_else_is_touched(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    untouched = '{"messages": [{"role": "user", "content": "Hi"},  {"role": "assistant", "content": "Hi"}]}'
    source.write_text(json.dumps(broken()) + "\n" + untouched + "\nnot json\n")
    audit(source, out=tmp_path / "out", fix=True)
    fixed = (tmp_path / "out" / "fixed.jsonl").read_text().splitlines()
    log = [json.loads(line) for line in (tmp_path / "out" / "fixes.jsonl").read_text().splitlines()]
    assert fixed[1:] == [untouched, "not json"]
    assert sorted(entry["rule"] for entry in log) == ["TA002", "TA102", "TA105", "TA205", "TA205"]
    assert json.loads(fixed[0])["extra"] == "kept"
    again = tmp_path / "again.jsonl"
    again.write_text(fixed[0] + "\n")
    assert list(audit(again).findings) == []
    audit(again, out=tmp_path / "second", fix=True)
    assert (tmp_path / "second" / "fixes.jsonl").read_text() == ""
    assert (tmp_path / "second" / "fixed.jsonl").read_text() == again.read_text()


def test_a_folder_and_standard_input_are_read_like_files(tmp_path: Path) -> None:
    copy = tmp_path / "deep" / "a.jsonl"
    copy.parent.mkdir()
    copy.write_bytes(FAULTS.read_bytes())
    assert audit(tmp_path).rules == audit(FAULTS).rules
    piped = CliRunner().invoke(audit_command, ["-", "--output", "json"], input=FAULTS.read_bytes())
    assert json.loads(piped.output)["rules"] == audit(FAULTS).rules
    (tmp_path / "empty").mkdir()
    assert "no data files in the folder" in run(tmp_path / "empty").output


def test_named_tools_are_for_records_that_declare_none() -> None:
    file = DATASETS / "api_bank" / "QueryWeather-level-1-1.jsonl"
    schemas = DATASETS / "api_bank" / "api_schemas.json"
    assert audit(file).levels["declared"] == 0
    assert audit(file, tools=[schemas]).levels["valid"] == 1
    assert "no tools are declared" in run(file, "--tools", FAULTS).output


def test_findings_that_do_not_fit_into_memory_come_from_disk_in_order() -> None:
    log = FindingLog(in_memory=3)
    found = list(audit(FAULTS).findings)[:10]
    for one in found:
        log.add(one)
    assert list(log) == found
    assert list(log) == found
    assert log[9] == log[-1] == found[9]
    assert len(log) == 10
    with pytest.raises(IndexError):
        log[10]


def test_a_schema_file_of_which_a_part_cannot_be_read_is_no_reason_to_call_a_tool_undeclared(
    tmp_path: Path,
) -> None:
    call = {"function": {"name": "second", "arguments": "{}"}}
    turns = [{"role": "user", "content": "Do it."}, {"role": "assistant", "tool_calls": [call]}]
    file, schemas = tmp_path / "d.jsonl", tmp_path / "schemas.jsonl"
    file.write_text(json.dumps({"id": "d", "messages": turns}) + "\n")
    first = json.dumps({"name": "first", "description": "", "parameters": {"type": "object"}})
    schemas.write_text("".join(f"{line}\n" for line in (first, first, first, '{"name": "second", "par')))
    assert "schemas.jsonl cannot be read: record 3: " in run(file, "--tools", schemas).output
    assert "TA201" not in audit(tmp_path).rules


def test_tools_that_the_user_named_are_declared_even_if_no_call_is_of_them(tmp_path: Path) -> None:
    schemas = DATASETS / "api_bank" / "api_schemas.json"
    call = {"function": {"name": "nobody_knows_me", "arguments": "{}"}}
    turns = [{"role": "user", "content": "Do it."}, {"role": "assistant", "tool_calls": [call]}]
    file = tmp_path / "data" / "d.jsonl"
    file.parent.mkdir()
    file.write_text(json.dumps({"id": "d", "messages": turns}) + "\n")
    assert "TA201" in audit(file, tools=[schemas]).rules
    (tmp_path / "schemas.json").write_bytes(schemas.read_bytes())
    assert "TA201" not in audit(tmp_path).rules
