"""The commands are thin: they print, and their exit status can be relied on."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolace_mt.checks import RULES
from toolace_mt.commands.audit import audit
from toolace_mt.commands.rules import rules

DATASETS = Path(__file__).parents[3] / "fixtures" / "datasets"
FAULTS = str(DATASETS / "openai_faults.jsonl")
SPELLINGS = str(DATASETS / "openai_spellings.json")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(audit, arguments)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((SPELLINGS,), 0),
        ((FAULTS,), 1),
        ((FAULTS, "--fail-on", "99"), 0),
        ((FAULTS, "--fail-on", "5"), 1),
        ((FAULTS, "--select", "TA402,TA7"), 0),
        ((FAULTS, "--select", "TA4"), 1),
        ((SPELLINGS, FAULTS, "--ignore", "TA0,TA1,TA2,TA3,TA4"), 0),
    ],
)
def test_the_status_tells_whether_too_many_records_have_errors(
    arguments: tuple[str, ...], status: int
) -> None:
    assert invoke(*arguments).exit_code == status


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.jsonl",), "no such file: none.jsonl"),
        ((FAULTS, "--select", "TA999"), "unknown rule 'TA999'"),
        ((FAULTS, "--ignore", "x"), "unknown rule 'x'"),
        ((FAULTS, "--format", "x"), "unknown format 'x'"),
        ((FAULTS, "--env", "no-such-pack"), "no-such-pack"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments: tuple[str, ...], words: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


def test_the_table_names_rules_levels_and_the_verdict() -> None:
    text = invoke(FAULTS).stdout
    assert all(word in text for word in ("TA401", "ungrounded-identifier", "grounded", "records have errors"))
    assert "calls were not executed" in text


def test_json_holds_the_summary_and_all_findings() -> None:
    written = json.loads(invoke(FAULTS, "--output", "json").stdout)
    assert sum(written["rules"].values()) == len(written["findings"])


def test_github_annotations_are_one_line_per_finding() -> None:
    written = json.loads(invoke(FAULTS, "--output", "json").stdout)
    lines = invoke(FAULTS, "--output", "github").stdout.splitlines()
    annotations = [line for line in lines if line.startswith(("::error ", "::warning ", "::notice "))]
    assert len(annotations) == len(written["findings"])
    assert any("title=TA401 ungrounded-identifier::turn 1" in line for line in annotations)


def test_out_leaves_the_files(tmp_path: Path) -> None:
    assert invoke(SPELLINGS, "--out", str(tmp_path / "a" / "b")).exit_code == 0
    assert (tmp_path / "a" / "b" / "summary.json").is_file()


def test_all_rules_are_listed_and_each_is_explained() -> None:
    listed = CliRunner().invoke(rules).stdout
    for rule in RULES:
        assert rule.code in listed
        explained = CliRunner().invoke(rules, [rule.code])
        assert explained.exit_code == 0
        assert all(part in explained.stdout for part in (rule.name, rule.why, rule.bad, rule.good, rule.fix))


def test_an_unknown_rule_has_no_explanation() -> None:
    result = CliRunner().invoke(rules, ["TA999"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "unknown rule 'TA999'" in result.stderr
