"""Audits that execute calls in trusted Python environments, and what a mock pack may prove."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import state_digest
from toolace_mt.auditing import LEVELS, AuditReport, EnvironmentUnusableError, audit
from toolace_mt.auditing.gaps import Gap

Recorder = Callable[..., dict[str, Any]]
GET, CANCEL = ("get_order", {"order_id": "O1"}), ("cancel_order", {"order_id": "O1"})
MISSING = ("get_order", {"order_id": "O9"})
TOOLKIT = """
class NotFoundError(Exception):
    pass


class Desk:
    tool_errors = (NotFoundError,)

    def __init__(self, record):
        assert record["id"] != "unwanted", "this one is not mine"
        self.orders = {key: {"order_id": key, "status": "pending"} for key in ("O1", "O2")}

    def get_order(self, order_id):
        if order_id not in self.orders:
            raise NotFoundError(f"no order {order_id}")
        return self.orders[order_id]

    def cancel_order(self, order_id):
        self.get_order(order_id)["status"] = "cancelled"
        return self.orders[order_id]
"""


def written(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def rules_of(report: AuditReport) -> list[str]:
    return [found.finding.rule for found in report.findings]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "audited_desk.py").write_text(TOOLKIT)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "python:audited_desk:Desk"


def without_setting(record: dict[str, Any]) -> dict[str, Any]:
    """Take out what only a pack knows."""
    del record["metadata"]
    return record


def test_calls_are_replayed_in_somebodys_class(tmp_path: Path, desk: str, recorded: Recorder) -> None:
    fine = without_setting(recorded(GET, CANCEL, GET))
    wrong = without_setting(recorded(CANCEL, id="d1"))
    wrong["messages"][2]["content"] = json.dumps({"order_id": "O1", "status": "pending"})
    report = audit(written(tmp_path / "d.jsonl", fine, wrong), environment=desk, out=tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["environment"], summary["isolation"]) == (desk, "trusted process")
    assert rules_of(report) == ["TA601"]
    assert (report.levels["replayed"], report.levels["executed"]) == (3, 3)


def test_a_final_state_is_compared_where_the_record_has_one(
    tmp_path: Path, desk: str, recorded: Recorder
) -> None:
    orders = {
        key: {"order_id": key, "status": status} for key, status in (("O1", "cancelled"), ("O2", "pending"))
    }
    sound, off = recorded(CANCEL), recorded(CANCEL)
    sound["metadata"]["final_state_digest"] = state_digest({"orders": orders})
    off["metadata"]["final_state_digest"] = "0" * 32
    report = audit(written(tmp_path / "d.jsonl", sound, off), environment=desk)
    assert rules_of(report) == ["TA604"]
    assert report.levels["executed"] == 1


def test_a_final_state_written_out_is_compared_too(tmp_path: Path, desk: str, recorded: Recorder) -> None:
    orders = {
        key: {"order_id": key, "status": status} for key, status in (("O1", "cancelled"), ("O2", "pending"))
    }
    sound, off = recorded(CANCEL), recorded(CANCEL)
    sound["metadata"] = {"final_state": {"orders": orders}}
    off["metadata"] = {"final_state": {"orders": {}}}
    report = audit(written(tmp_path / "d.jsonl", sound, off), environment=desk)
    assert [(found.place.record, found.finding.rule) for found in report.findings] == [(1, "TA604")]
    assert report.levels["executed"] == 1


def test_a_final_state_beside_the_metadata_is_compared_too_and_its_paths_are_told(
    tmp_path: Path, desk: str, recorded: Recorder
) -> None:
    orders = {
        key: {"order_id": key, "status": status} for key, status in (("O1", "cancelled"), ("O2", "pending"))
    }
    sound, off = without_setting(recorded(CANCEL)), without_setting(recorded(CANCEL))
    sound["final_state"] = {"orders": orders}
    off["final_state"] = {"orders": {**orders, "O1": {"order_id": "O1", "status": "pending"}}}
    report = audit(written(tmp_path / "d.jsonl", sound, off), environment=desk)
    (found,) = report.findings
    assert (found.place.record, found.finding.rule) == (1, "TA604")
    assert found.finding.message == 'recorded -> executed: orders.O1.status: "pending" -> "cancelled"'


def _with_result(record: dict[str, Any], value: Any) -> dict[str, Any]:
    record["messages"][2]["content"] = json.dumps(value)
    return record


@pytest.mark.parametrize(
    ("result", "rules"),
    [
        ({"order_id": "O1", "status": "pending"}, []),
        (str({"order_id": "O1", "status": "pending"}), []),
        ({"order_id": "O1", "status": "lost"}, ["TA601"]),
        ({"order_id": "O1", "status": "pending", "since": 3}, ["TA601"]),
        ({"order_id": "O77", "status": "pending"}, ["TA601"]),
        ({"error": "no order O1"}, ["TA601"]),
    ],
)
def test_each_class_of_difference_has_its_rule(
    tmp_path: Path, desk: str, recorded: Recorder, result: Any, rules: list[str]
) -> None:
    record = _with_result(without_setting(recorded(GET)), result)
    report = audit(written(tmp_path / "d.jsonl", record), environment=desk, select=["TA5", "TA6"])
    assert rules_of(report) == rules


def test_declared_errors_agree_with_recorded_failures(tmp_path: Path, desk: str, recorded: Recorder) -> None:
    failing, hidden = without_setting(recorded(MISSING)), without_setting(recorded(MISSING))
    hidden["messages"][2]["content"] = json.dumps({"order_id": "O9", "status": "pending"})
    report = audit(written(tmp_path / "d.jsonl", failing, hidden), environment=desk, select=["TA5", "TA6"])
    assert [(found.place.record, found.finding.rule) for found in report.findings] == [(1, "TA501")]
    assert report.levels["replayed"] == 1


def test_a_record_that_the_factory_refuses_has_no_environment(
    tmp_path: Path, desk: str, recorded: Recorder
) -> None:
    refused = without_setting(recorded(GET, id="unwanted"))
    report = audit(written(tmp_path / "d.jsonl", refused), environment=desk)
    assert rules_of(report) == ["TA504"]
    assert "this one is not mine" in report.findings[0].finding.message


def test_a_factory_that_is_not_there_stops_the_audit_in_one_line(tmp_path: Path) -> None:
    path = written(tmp_path / "d.jsonl")
    with pytest.raises(EnvironmentUnusableError, match="no_such_module") as caught:
        audit(path, environment="python:no_such_module:make")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("mock", "rules", "replayed"), [("schema-true", ["TA501"], 0), ("recorded", ["TA601", "TA501"], 2)]
)
def test_a_mock_pack_never_proves_a_state_and_made_up_answers_prove_nothing(
    tmp_path: Path, pack_folder: Path, recorded: Recorder, mock: str, rules: list[str], replayed: int
) -> None:
    folder = Path(shutil.copytree(pack_folder, tmp_path / "desk"))
    with (folder / "pack.yaml").open("a") as manifest:
        manifest.write(f"mock: {mock}\n")
    fine, wrong, unknown = recorded(GET, CANCEL), recorded(GET, id="d1"), recorded(MISSING, id="d2")
    wrong["messages"][2]["content"] = json.dumps({"order_id": "O1", "status": "lost"})
    unknown["messages"][2]["content"] = json.dumps({"order_id": "O9", "status": "pending"})
    path = written(tmp_path / "d.jsonl", fine, wrong, unknown)
    report = audit(path, environment=str(folder), select=["TA5", "TA6"])
    assert rules_of(report) == rules
    assert (report.levels["replayed"], report.levels["executed"]) == (replayed, 0)
    assert set(report.levels) == set(LEVELS)


def test_an_environment_that_is_unusable_is_named_once(tmp_path: Path, desk: str, recorded: Recorder) -> None:
    file = written(tmp_path / "d.jsonl", recorded(GET))
    with pytest.raises(EnvironmentUnusableError) as told:
        audit(file, environment=desk.replace("Desk", "nothing"))
    assert str(told.value) == (
        "environment python:audited_desk:nothing: the module audited_desk has no nothing"
    )


DRAWING = """
import uuid


class Shop:
    tool_errors = (LookupError,)

    def __init__(self, record):
        self.orders = {}

    def create(self, item):
        number = uuid.uuid4().hex[:8]
        self.orders[number] = item
        return {"order_id": number, "item": item}

    def get(self, order_id):
        return {"order_id": order_id, "item": self.orders[order_id]}
"""


def test_identifiers_that_a_tool_draws_anew_make_no_errors_and_what_hangs_on_them_is_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drawing_shop.py").write_text(DRAWING)
    monkeypatch.syspath_prepend(str(tmp_path))
    made = {"order_id": "ab12cd34", "item": "pen"}
    turns: list[dict[str, Any]] = [{"role": "user", "content": "Order a pen."}]
    for number, (name, arguments) in enumerate(
        (("create", {"item": "pen"}), ("get", {"order_id": "ab12cd34"}))
    ):
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": f"c{number}", "type": "function", "function": function}
        turns += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{number}", "content": json.dumps(made)},
        ]
    turns.append({"role": "assistant", "content": "A pen is ordered."})
    record = {"id": "d", "messages": turns, "final_state": {"orders": {"ab12cd34": "pen"}}}
    report = audit(written(tmp_path / "d.jsonl", record), environment="python:drawing_shop:Shop")
    assert rules_of(report) == ["TA603"]
    assert (report.gaps[Gap.DRAWN], report.gaps[Gap.DRAWN_STATE]) == (1, 1)
    assert (report.levels["replayed"], report.levels["executed"]) == (0, 0)
