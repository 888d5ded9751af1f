"""Clean files in every dialect stay silent, and references are no inventions."""

import json
from pathlib import Path
from typing import Any

import pytest

from toolace_mt.auditing import audit
from toolace_mt.findings import Severity

DATASETS = Path(__file__).parents[3] / "fixtures" / "datasets"
CLEAN = (
    "sharegpt.json", "typed_parts.jsonl", "hermes.jsonl", "toolace.jsonl", "xlam.json", "bfcl",
    "tau_bench.json",
    "tau2_tasks.json", "tau2_results.json", "api_bank", "tooltalk", "toolbench.json", "react.json",
    "toolalpaca.json", "nestful.json", "seal_tools", "when2call.jsonl", "routed.json",
    "complexfuncbench.json", "mcp_tools.json", "glaive.json", "anthropic.json", "gemini.json",
    "responses.json", "tool_turns.json",
)  # fmt: skip


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_file_has_no_errors_and_no_warnings(name: str) -> None:
    report = audit(DATASETS / name)
    assert [found for found in report.findings if found.severity is not Severity.INFO] == []
    assert report.levels["parsed"] == report.calls


def test_a_reference_to_no_earlier_result_is_found(tmp_path: Path) -> None:
    record = json.loads((DATASETS / "nestful.json").read_text())[0]
    record["output"][1]["arguments"]["station"] = "$var7.id$"
    path = tmp_path / "nestful.json"
    path.write_text(json.dumps([record]))
    assert sorted({found.finding.rule for found in audit(path).findings}) == ["TA303", "TA403"]


def test_values_known_to_hidden_state_only_are_marked(tmp_path: Path) -> None:
    record = json.loads((DATASETS / "tooltalk" / "Weather-easy.json").read_text())
    del record["metadata"]["session_token"]
    path = tmp_path / "talk.json"
    path.write_text(json.dumps(record))
    rules = {found.finding.rule: found.severity for found in audit(path).findings}
    assert rules["TA404"] is Severity.INFO


def dialogue(schema: Any, arguments: Any) -> dict[str, Any]:
    return {
        "tools": [{"type": "function", "function": {"name": "f", "description": "", "parameters": schema}}],
        "messages": [
            {"role": "user", "content": "Take 7, x and red."},
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "c",
                        "type": "function",
                        "function": {"name": "f", "arguments": json.dumps(arguments)},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "{}"},
            {"role": "assistant", "content": "Done."},
        ],
    }


@pytest.mark.parametrize(
    ("parameter", "value", "rules"),
    [
        ({"type": "array", "items": {"type": "string"}, "enum": ["red", "blue"]}, ["red"], []),
        ({"type": "string", "enum": ["a", "b"], "default": "red"}, "red", ["TA204", "TA304"]),
        ({"type": "string"}, None, ["TA306"]),
        ({"type": "string", "enum": ["red"]}, "", ["TA306"]),
        ({"type": "integer", "enum": ["7", "8"]}, 7, ["TA206"]),
        ({"type": "integer", "enum": ["7", "8"]}, "7", ["TA206"]),
        ({"type": "string", "enum": [7, 8]}, "7", ["TA206"]),
        ({"type": "integer", "enum": [7, "8"]}, 7, []),
        ({"type": "array", "enum": ["a", "b"]}, ["a"], []),
        ({"type": "array", "items": [{"type": "integer"}, {"type": "string"}]}, [7, "7"], []),
        ({"type": "array", "items": [{"type": "integer"}]}, ["x7"], ["TA303"]),
        ({"type": "int"}, 7, ["TA205"]),
        ({"type": "dict", "properties": {"k": {"type": "str"}}}, {"k": 7}, ["TA205", "TA303"]),
        ({"type": "integer"}, "7", ["TA303"]),
        ({"type": ["string", "null"]}, None, []),
    ],
)
def test_the_tools_faults_are_told_apart_from_the_calls(
    tmp_path: Path, parameter: Any, value: Any, rules: list[str]
) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps([dialogue({"type": "object", "properties": {"p": parameter}}, {"p": value})]))
    assert sorted({found.finding.rule for found in audit(path).findings}) == rules


def test_an_answer_key_of_writes_alone_is_not_asked_where_it_looked_its_values_up(tmp_path: Path) -> None:
    task = json.loads((DATASETS / "tau2_tasks.json").read_text())[0]
    cancel = {"action_id": "c", "name": "cancel_order", "arguments": {"order_id": "#W77123"}}
    task["evaluation_criteria"]["actions"] = [cancel]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task]))
    report = audit(path)
    assert report.rules == {}
    assert report.levels["grounded"] == 0


def test_a_default_of_null_says_that_there_is_none(tmp_path: Path) -> None:
    parameter = {"type": "string", "default": None}
    schema = {"type": "object", "properties": {"p": parameter}, "required": ["p"]}
    path = tmp_path / "one.json"
    path.write_text(json.dumps([dialogue(schema, {"p": "red"})]))
    assert audit(path).rules == {}


def test_the_faults_of_a_shared_schema_file_are_told_where_its_tools_are_called(tmp_path: Path) -> None:
    record = dialogue({"type": "object", "properties": {"p": {"type": "string"}}}, {"p": "red"})
    good, broken = record.pop("tools")[0], {"$ref": "http://example.com/x"}
    schemas, others, path = tmp_path / "schemas.json", tmp_path / "others.json", tmp_path / "one.jsonl"
    schemas.write_text(json.dumps([good, {"name": "g", "parameters": broken}]))
    others.write_text(json.dumps([{"name": "f", "parameters": broken}]))
    path.write_text(json.dumps(record) + "\n")
    assert audit(path, tools=[schemas]).rules == {}
    assert audit(path, tools=[others]).rules == {"TA202": 1}
