"""Corrections: made only where there is one right one, and nothing else of a record changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolace_mt.auditing.fixing import fix_record
from toolace_mt.formats import RawRecord

CANCEL: dict[str, Any] = {"name": "cancel_order", "parameters": {"type": "object"}}
GET: dict[str, Any] = {"name": "get_order", "parameters": {"type": "object"}}


def call(name: str, id: str = "1", arguments: str = "{}") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(name: str, id: str = "1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "name": name, "content": "{}"}


def record(*messages: dict[str, Any], tools: Any = (CANCEL, GET), **more: Any) -> dict[str, Any]:
    return {"tools": tools, "messages": messages, **more}


def asked(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": calls}


def fixed(value: dict[str, Any] | str) -> tuple[str, list[str]]:
    text = value if isinstance(value, str) else json.dumps(value)
    written, changes = fix_record(RawRecord(number=0, text=text.encode()))
    assert changes or written == text.encode()
    return written.decode(), [change.rule for change in changes]


@pytest.mark.parametrize(
    ("called", "named", "tools", "rules"),
    [
        ("get_order", "getOrder", (CANCEL, GET), ["TA105"]),
        ("get_order", "getOrder", (), ["TA105"]),
        ("get_order", "cancel_order", (CANCEL, GET), []),  # the pairing may be what is wrong
        ("get_the_order", "get_order", (CANCEL, GET), []),  # the call may be what is wrong
        ("get_the_order", "order", (CANCEL, GET), []),
    ],
)
def test_a_result_is_renamed_only_where_its_name_is_no_tools(
    called: str, named: str, tools: Any, rules: list[str]
) -> None:
    assert fixed(record(asked(call(called)), result(named), tools=tools))[1] == rules


def test_results_of_swapped_ids_keep_their_names() -> None:
    calls = asked(call("get_order", "1"), call("cancel_order", "2"))
    text, rules = fixed(record(calls, result("get_order", "2"), result("cancel_order", "1")))
    assert rules == ["TA102"]
    assert [message["name"] for message in json.loads(text)["messages"][1:]] == ["cancel_order", "get_order"]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (
            "{'a': \"it's\", 'b': True, 'c': (1, 2.5), 'd': null}",
            {"a": "it's", "b": True, "c": [1, 2.5], "d": None},
        ),
        ('{"a": 1,}', {"a": 1}),
        ('{"a": NaN}', None),
        ("{'a': float('nan')}", None),
        ("{'a': 1e999}", None),
        ("{'a': 1, 'a': 2}", None),
        ("{'a': {'b': 1, 'b': 1}}", None),
        ("{1: 2}", None),
        ("{'a': {1, 2}}", None),
        ("{'a': 12345678901234567890123}", None),
        ('{"a": ${b}}', None),
    ],
)
def test_arguments_are_corrected_only_where_they_mean_one_json_value(
    arguments: str, meant: dict[str, Any] | None
) -> None:
    text, rules = fixed(record(asked(call("get_order", arguments=arguments)), result("get_order")))
    assert rules == ([] if meant is None else ["TA002"])
    if meant is not None:
        written = json.loads(text)["messages"][0]["tool_calls"][0]["function"]["arguments"]
        assert json.loads(written) == meant


def test_what_is_not_corrected_keeps_every_digit() -> None:
    tool = '{"name":"f","parameters":{"type":"dict","properties":{"a":{"type":"int","maximum":%s}}}}' % (
        "9" * 30
    )
    for tools in (f"[{tool}]", json.dumps(f"[{tool}]"), json.dumps([tool])):
        text, rules = fixed(f'{{"big":12345678901234567890123,"é":"\u2028","tools":{tools},"messages":[]}}')
        assert rules == ["TA205"]
        assert '"big":12345678901234567890123,"é":"\u2028"' in text
        assert "9" * 30 in text
        assert "integer" in text


@pytest.mark.parametrize("number", ["1" * 5000, "1e999"])
def test_a_record_with_a_number_that_cannot_be_written_again_stays(number: str) -> None:
    tools = '[{"name":"f","parameters":{"type":"dict","properties":{}}}]'
    assert fixed(f'{{"n":{number},"tools":{tools},"messages":[]}}')[1] == []


def test_types_are_respelled_under_each_name_of_the_parameters_and_keep_their_values() -> None:
    for place in ("parameters", "input_schema", "inputSchema"):
        properties = {"kind": {"type": "Literal['a', 'b,c']"}, "n": {"type": "Literal[1, 2]"}}
        tool = {"name": "f", place: {"type": "object", "properties": properties}}
        text, rules = fixed(record(tools=[tool]))
        assert rules == ["TA205"]
        schema = json.loads(text)["tools"][0][place]
        assert schema["properties"]["kind"] == {"type": "string", "enum": ["a", "b,c"]}
