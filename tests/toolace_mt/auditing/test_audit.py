"""An audit counts honestly, leaves whole files, and executes what can be executed."""

import gzip
import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import Call, Returned, Trajectory, open_pack, run
from toolace_mt.auditing import LEVELS, AuditReport, EnvironmentUnusableError, audit, audit_async
from toolace_mt.auditing.gaps import Gap
from toolace_mt.checks import UnknownRuleError
from toolace_mt.formats import UnreadableFileError

DATASETS = Path(__file__).parents[3] / "fixtures" / "datasets"
Recorder = Callable[..., dict[str, Any]]
GET, CANCEL = ("get_order", {"order_id": "O1"}), ("cancel_order", {"order_id": "O1"})


def written(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def rules_of(report: AuditReport) -> list[str]:
    return [found.finding.rule for found in report.findings]


def test_every_record_is_counted_once_and_broken_ones_as_errors() -> None:
    report = audit([DATASETS / "broken.jsonl", DATASETS / "openai_faults.jsonl"])
    lines = len((DATASETS / "openai_faults.jsonl").read_text().splitlines())
    assert (report.records, report.dialogues) == (8 + lines, 2 + lines)
    assert report.rules["TA001"] == 6
    assert sum(report.rules.values()) == len(report.findings)
    assert report.environment is None


def test_a_stronger_level_is_never_reached_without_the_weaker_ones() -> None:
    report = audit(DATASETS / "openai_faults.jsonl")
    counts = [report.levels[level] for level in LEVELS]
    assert counts == sorted(counts, reverse=True)
    assert report.calls > report.levels["parsed"] > report.levels["declared"] > report.levels["valid"]
    assert report.levels["valid"] > report.levels["grounded"] > 0
    assert report.levels["replayed"] == report.levels["executed"] == 0


def test_several_processes_find_what_one_does_in_the_same_order(tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text((DATASETS / "openai_faults.jsonl").read_text() * 12)
    one, two = audit(many), audit(many, jobs=2)
    assert list(one.findings) == list(two.findings)
    assert {**one.summary(), "seconds": 0} == {**two.summary(), "seconds": 0}


def test_the_files_hold_the_findings_the_summary_and_the_clean_records_as_they_were(tmp_path: Path) -> None:
    source = DATASETS / "openai_faults.jsonl"
    report = audit(source, out=tmp_path / "out")
    lines = source.read_bytes().splitlines()
    clean = (tmp_path / "out" / "clean.jsonl").read_bytes().splitlines()
    findings = [json.loads(line) for line in (tmp_path / "out" / "findings.jsonl").read_text().splitlines()]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    broken = {row["record"] for row in findings if row["severity"] == "error"}
    assert clean == [line for number, line in enumerate(lines) if number not in broken]
    assert len(clean) == report.records - report.records_with_errors
    assert set(findings[0]) == {
        "file", "record", "dialogue", "turn", "call", "tool", "rule", "severity", "message", "path",
        "content",
    }  # fmt: skip
    assert summary["rules"] == report.rules
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "clean.jsonl",
        "findings.jsonl",
        "report.html",
        "summary.json",
    ]


def test_clean_records_of_a_packed_list_are_one_line_each(tmp_path: Path) -> None:
    source = tmp_path / "list.json.gz"
    source.write_bytes(gzip.compress((DATASETS / "openai_spellings.json").read_bytes()))
    audit(source, out=tmp_path / "out")
    again = audit(tmp_path / "out" / "clean.jsonl")
    assert (again.records, again.dialogues) == (3, 3)


def test_an_audit_that_fails_leaves_no_files(tmp_path: Path, pack_folder: Path) -> None:
    broken = tmp_path / "desk"
    shutil.copytree(pack_folder, broken)
    (broken / "tools.py").write_text("import os\n")
    out = tmp_path / "out"
    with pytest.raises(EnvironmentUnusableError, match="desk"):
        audit(DATASETS / "openai_faults.jsonl", environment=str(broken), out=out)
    assert list(out.iterdir()) == []


def test_wrong_input_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such file"):
        audit(tmp_path / "none.jsonl")
    with pytest.raises(UnknownRuleError, match="TA999"):
        audit(DATASETS / "broken.jsonl", select=["TA999"])
    with pytest.raises(EnvironmentUnusableError, match="no-such-pack"):
        audit(DATASETS / "broken.jsonl", environment="no-such-pack")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interruption_from_the_keyboard_keeps_what_was_found(tmp_path: Path) -> None:
    many, copies = tmp_path / "many.jsonl", 500
    text = (DATASETS / "openai_faults.jsonl").read_text()
    many.write_text(text * copies)
    before = signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        report = audit(many, out=tmp_path / "out")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert report.interrupted
    assert summary["interrupted"] is True
    assert summary["records"] == report.records < copies * len(text.splitlines())


async def test_the_awaitable_audit_finds_the_same() -> None:
    path = DATASETS / "openai_faults.jsonl"
    assert list((await audit_async(path)).findings) == list(audit(path).findings)


def test_executed_dialogues_reach_the_highest_level(
    tmp_path: Path, pack_folder: Path, recorded: Recorder
) -> None:
    failing = recorded(("get_order", {"order_id": "O9"}), CANCEL, id="d1")
    path = written(tmp_path / "d.jsonl", recorded(GET, CANCEL, GET), failing)
    report = audit(path, environment=str(pack_folder))
    assert rules_of(report) == []
    assert report.levels == dict.fromkeys(LEVELS, 5)
    assert (report.environment, report.outcomes["failed"], report.outcomes["agreed"]) == ("desk", 1, 5)
    assert report.isolation in ("strong", "limited")


def test_a_dialogue_without_a_digest_is_executed_with_its_state_unchecked(
    tmp_path: Path, pack_folder: Path, recorded: Recorder
) -> None:
    record = recorded(GET, CANCEL)
    del record["metadata"]
    report = audit(written(tmp_path / "d.jsonl", record), environment=str(pack_folder))
    assert (report.levels["replayed"], report.levels["executed"]) == (2, 2)
    assert report.gaps[Gap.NO_STATE] == 2
    assert rules_of(report) == []


def test_questions_without_answers_are_said_once_a_file(tmp_path: Path) -> None:
    question = {"id": "q", "question": [[{"role": "user", "content": "Hi?"}]], "function": []}
    found = audit(written(tmp_path / "asked.json", *({**question, "id": f"q{n}"} for n in range(3)))).findings
    assert [(one.finding.rule, one.place.record, one.severity.value) for one in found] == [
        ("TA003", 0, "info")
    ]
    assert "possible_answer/asked.json" in found[0].finding.message


def test_an_object_in_a_folder_that_is_no_dataset_is_noted_and_a_broken_one_is_an_error(
    tmp_path: Path, recorded: Recorder
) -> None:
    written(tmp_path / "dialogues.jsonl", recorded(GET))
    database = written(tmp_path / "database.json", {"orders": {"O1": {"status": "pending"}}})
    (tmp_path / "torn.json").write_text('{"messages": [')
    rules = {Path(found.place.file).name: found.finding.rule for found in audit(tmp_path).findings}
    assert rules == {"database.json": "TA003", "torn.json": "TA001"}
    assert rules_of(audit(database)) == ["TA001"]


def test_a_call_without_a_recorded_result_is_executed_and_not_replayed(
    tmp_path: Path, pack_folder: Path, recorded: Recorder
) -> None:
    unanswered, failing = recorded(GET), recorded(("get_order", {"order_id": "O9"}))
    for record in (unanswered, failing):
        del record["messages"][2], record["metadata"]
    report = audit(written(tmp_path / "d.jsonl", unanswered, failing), environment=str(pack_folder))
    assert (report.levels["replayed"], report.levels["executed"]) == (0, 1)
    assert "TA501" in rules_of(report)


def test_an_executed_call_need_not_be_grounded(tmp_path: Path, pack_folder: Path, recorded: Recorder) -> None:
    record = recorded(GET)
    record["messages"][0]["content"] = "Please see to it."
    report = audit(written(tmp_path / "d.jsonl", record), environment=str(pack_folder))
    levels = report.levels
    assert (levels["valid"], levels["grounded"], levels["replayed"], levels["executed"]) == (1, 0, 1, 1)


def _result(record: dict[str, Any], number: int, value: Any) -> dict[str, Any]:
    record["messages"][2 + 2 * number]["content"] = json.dumps(value)
    return record


def test_each_kind_of_difference_from_the_record_is_found(
    tmp_path: Path, pack_folder: Path, recorded: Recorder
) -> None:
    missing = recorded(("get_order", {"order_id": "O9"}))
    stateless = recorded(GET, CANCEL)
    stateless["metadata"]["final_state_digest"] = "0" * 32
    elsewhere, nowhere = recorded(GET), recorded(GET)
    elsewhere["metadata"]["pack"], nowhere["metadata"]["world"] = "airline", "w9"
    spinning = recorded(("spin", {}))
    path = written(
        tmp_path / "d.jsonl",
        _result(recorded(GET), 0, {"order_id": "O1", "status": "shipped"}),
        _result(missing, 0, {"order_id": "O9", "status": "pending"}),
        stateless,
        elsewhere,
        nowhere,
        _result(spinning, 0, {"order_id": "O1", "status": "x"}),
    )
    report = audit(path, environment=str(pack_folder), select=["TA5", "TA6"])
    assert rules_of(report) == ["TA601", "TA501", "TA604", "TA504", "TA504", "TA503"]
    assert report.levels["executed"] == 0


def test_planned_faults_of_the_record_happen_again(
    tmp_path: Path, pack_folder: Path, recorded: Recorder
) -> None:
    record = recorded(GET, GET)
    fault = {"kind": "timeout", "code": "timeout", "message": "no answer"}
    _result(record, 0, {"error": fault})
    path = tmp_path / "d.jsonl"
    without = audit(written(path, record), environment=str(pack_folder))
    record["metadata"]["faults"] = {"0": fault}
    planned = audit(written(path, record), environment=str(pack_folder))
    assert rules_of(without) == ["TA601"]
    assert rules_of(planned) == []


@pytest.mark.parametrize(("pack", "reason"), [("retail+travel", "persona"), ("retail+mine", "open are")])
def test_a_record_of_packs_that_cannot_be_joined_is_not_executed(
    tmp_path: Path, recorded: Recorder, pack: str, reason: str
) -> None:
    record = recorded(GET)
    record["metadata"]["pack"] = pack
    report = audit(written(tmp_path / "d.jsonl", record), environment="auto")
    told = [found.finding.message for found in report.findings if found.finding.rule == "TA504"]
    assert len(told) == 1
    assert reason in told[0]


def test_a_record_made_in_joined_packs_is_executed_in_them(tmp_path: Path) -> None:
    calls = (
        Call(name="find_user_by_email", arguments={"email": "nora.feld@example.com"}),
        Call(name="list_events", arguments={"date": "2026-03-03"}),
    )
    execution = run(open_pack("retail+calendar"), [Trajectory(start="default+tight", calls=calls)])[0]
    messages: list[dict[str, Any]] = [{"role": "user", "content": "nora.feld@example.com, 2026-03-03?"}]
    for number, (call, step) in enumerate(zip(calls, execution.steps, strict=True)):
        assert isinstance(step.outcome, Returned)
        written_call = {"name": call.name, "arguments": json.dumps(call.arguments)}
        messages += [
            {
                "role": "assistant",
                "tool_calls": [{"id": f"c{number}", "type": "function", "function": written_call}],
            },
            {"role": "tool", "tool_call_id": f"c{number}", "content": json.dumps(step.outcome.value)},
        ]
    metadata = {
        "pack": "retail+calendar",
        "world": "default+tight",
        "final_state_digest": execution.final_state_digest,
    }
    record = {"messages": messages, "metadata": metadata}
    report = audit(written(tmp_path / "d.jsonl", record), environment="auto", select=["TA5", "TA6"])
    assert (rules_of(report), report.levels["executed"]) == ([], 2)
