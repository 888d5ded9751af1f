"""Dialogues as frameworks, logs and trainers write them read like any other."""

import json
from typing import Any

import pytest

from toolace_mt.formats.base import Unreadable
from toolace_mt.formats.containers import RawRecord
from toolace_mt.formats.registry import read_records
from toolace_mt.transcript import Place, Transcript

ASKED = "What is the weather in Lund?"
TOLD = "Rain in Lund."
ARGUMENTS = {"city": "Lund"}
TOOL = {
    "name": "get_weather",
    "description": "Tell the weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
USER = {"role": "user", "content": ASKED}
CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": json.dumps(ARGUMENTS)},
}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": '{"sky": "rain"}'}
CLOSING = {"role": "assistant", "content": TOLD}


def only(record: Any) -> Transcript:
    (found,) = read_records(RawRecord(number=0, text=json.dumps(record).encode()), Place("f", 0), None)
    assert isinstance(found, Transcript), found
    return found


def lang(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "content": "", **fields}


def wrapped(message: dict[str, Any]) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", message["type"]], "kwargs": message}


LANGCHAIN = [
    lang("human", content=ASKED),
    lang("ai", tool_calls=[{"name": "get_weather", "args": ARGUMENTS, "id": "c1", "type": "tool_call"}]),
    lang("tool", content='{"sky": "rain"}', tool_call_id="c1"),
    lang("ai", content=TOLD),
]
NAMED = {"id": "c1", "function": "get_weather", "arguments": ARGUMENTS, "type": "function"}
ARGS = {"id": "c1", "function": "get_weather", "args": ARGUMENTS, "placeholder_args": None}
LOGGED = [USER, {**CALLING, "tool_calls": [NAMED]}, {**RESULT, "function": "get_weather"}, CLOSING]
CAPITALS = [{**part, "role": str(part["role"]).title()} for part in (USER, CALLING, RESULT, CLOSING)]
LLAMA = [USER, {"role": "assistant", "tool_calls": [CALL]}, {**RESULT, "role": "ipython"}, CLOSING]
REQUEST = {"model": "m", "messages": [USER, CALLING, RESULT]}
ANSWER = {"choices": [{"index": 0, "message": CLOSING}]}


BEDROCK = [
    {"role": "user", "content": [{"text": ASKED}]},
    {
        "role": "assistant",
        "content": [{"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": ARGUMENTS}}],
    },
    {
        "role": "user",
        "content": [{"toolResult": {"toolUseId": "c1", "content": [{"json": {"sky": "rain"}}]}}],
    },
    {"role": "assistant", "content": [{"text": TOLD}]},
]


@pytest.mark.parametrize(
    "record",
    [
        {"messages": LANGCHAIN},
        {"messages": [wrapped(message) for message in LANGCHAIN]},
        {"messages": CAPITALS},
        {"messages": LLAMA},
        [USER, CALLING, RESULT, CLOSING],
        {"messages": BEDROCK},
        {"eval": {"task": "t"}, "samples": [{"id": 1, "messages": LOGGED}]},
        {"messages": [USER, {"role": "assistant", "tool_calls": [ARGS]}, RESULT, CLOSING]},
        {"prompt": [USER], "completion": [CALLING, RESULT, CLOSING]},
        {"custom_id": "1", "url": "/v1", "body": {"messages": [USER, CALLING, RESULT, CLOSING]}},
        {"request": REQUEST, "response": ANSWER},
        {"request": {"messages": [USER, CALLING, RESULT]}, "response": {"status_code": 200, "body": ANSWER}},
    ],
)  # fmt: skip
def test_the_dialogue_is_read_whole(record: Any) -> None:
    messages = only(record).messages
    assert [message.role for message in messages] == ["user", "assistant", "tool", "assistant"]
    assert [(call.name, call.arguments, call.id) for call in messages[1].calls] == [
        ("get_weather", ARGUMENTS, "c1")
    ]
    assert (messages[2].call_id, messages[2].value) == ("c1", {"sky": "rain"})
    assert messages[3].text == TOLD


@pytest.mark.parametrize(
    "aside",
    [
        {"metadata": json.dumps({"tools": [TOOL]})},
        {"metadata": {"tools": [TOOL]}},
        {"messages": [{"role": "system", "content": "Help.", "tools": [TOOL]}, USER, CLOSING]},
    ],
    ids=["metadata-text", "metadata", "system"],
)
def test_tools_are_found_aside(aside: Any) -> None:
    tools = only({"messages": [USER, CALLING, RESULT, CLOSING], **aside}).tools
    assert [tool.name for tool in tools or ()] == ["get_weather"]


def test_bedrocks_prompt_tools_and_failures_are_read() -> None:
    failed = {"toolUseId": "c1", "content": [{"text": "no such city"}], "status": "error"}
    spec = {"name": "get_weather", "description": "", "inputSchema": {"json": TOOL["parameters"]}}
    found = only(
        {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": "Help."}],
            "messages": [*BEDROCK[:2], {"role": "user", "content": [{"toolResult": failed}]}, BEDROCK[3]],
            "toolConfig": {"tools": [{"toolSpec": spec}]},
        }
    )
    assert [message.role for message in found.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert found.messages[3].value == {"error": "no such city"}
    assert [(tool.name, tool.parameters) for tool in found.tools or ()] == [
        ("get_weather", TOOL["parameters"])
    ]


@pytest.mark.parametrize("error", ["no such city", {"type": "parsing", "message": "no such city"}])
def test_a_failure_that_is_kept_apart_is_the_result(error: Any) -> None:
    messages = only(
        {"messages": [USER, CALLING, {**RESULT, "content": "", "error": error}, CLOSING]}
    ).messages
    assert messages[2].value == {"error": "no such city"}


def test_calls_in_nemotrons_tags_are_calls() -> None:
    said = f"Let me see. <TOOLCALL>[{json.dumps({'name': 'get_weather', 'arguments': ARGUMENTS})}]</TOOLCALL>"
    message = only(
        {"tools": [json.dumps(TOOL)], "messages": [USER, {"role": "assistant", "content": said}]}
    ).messages[1]
    assert message.text == "Let me see."
    assert [(call.name, call.arguments) for call in message.calls] == [("get_weather", ARGUMENTS)]


def test_a_task_of_tau_bench_is_an_answer_key() -> None:
    action = {"name": "cancel_order", "kwargs": {"order_id": "#W77123", "reason": "no longer needed"}}
    task = {
        "user_id": "u_1",
        "instruction": "You want to cancel your order.",
        "actions": [action],
        "outputs": [],
    }
    found = only(task)
    assert (found.is_reference, found.omits_calls) == (True, True)
    assert [(call.name, call.arguments) for call in found.messages[1].calls] == [
        ("cancel_order", action["kwargs"])
    ]


def test_an_answer_of_acebench_has_calls_by_name_with_one_value_for_each_parameter() -> None:
    truth = {"get_weather_1": {"city": "Lund"}, "get_weather_2": {"city": ["Oslo", "Rome"]}}
    found = only({"id": "normal_1", "question": f"user: {ASKED}", "function": [TOOL], "ground_truth": truth})
    assert [(call.name, call.arguments) for call in found.messages[-1].calls] == [
        ("get_weather", {"city": "Lund"}),
        ("get_weather", {"city": ["Oslo", "Rome"]}),
    ]


def test_words_that_are_kept_in_parts_are_told_as_unread_and_not_as_silence() -> None:
    record = {"messages": [{"id": "1", "role": "user", "parts": [{"words": ASKED}]}]}
    (found,) = read_records(RawRecord(number=0, text=json.dumps(record).encode()), Place("f", 0), None)
    assert isinstance(found, Unreadable)
    assert "'parts'" in found.reason


DESCRIBED = {
    "name": "ToolSearcher",
    "input_parameters": {"keywords": {"type": "str", "description": "Words"}},
}
SEARCHED = "{'name': 'GetWeather', 'description': 'Weather', 'input_parameters': {'city': {'type': 'str'}}}"


def test_an_instruction_of_api_bank_holds_tools_the_dialogue_so_far_and_the_next_call() -> None:
    record = {
        "instruction": f"Write a request.\nThe year is 2026.\nAPI descriptions:\n{json.dumps(DESCRIBED)}\n",
        "input": f"User: {ASKED}\nIn Sweden.\nAI: I look for a tool.\n"
        f"API-Request: [ToolSearcher(keywords='weather')]->{SEARCHED}\nGenerate API Request:\n",
        "expected_output": "API-Request: [GetWeather(city='Lund')]",
    }
    found = only(record)
    assert [tool.name for tool in found.tools or ()] == ["GetWeather", "ToolSearcher"]
    system, user, looking, searching, result, calling = found.messages
    assert (system.text, user.text) == ("Write a request.\nThe year is 2026.", f"{ASKED}\nIn Sweden.")
    assert looking.text == "I look for a tool."
    assert [call.name for call in searching.calls] == ["ToolSearcher"]
    assert isinstance(result.value, dict)
    assert [(call.name, call.arguments) for call in calling.calls] == [("GetWeather", {"city": "Lund"})]
