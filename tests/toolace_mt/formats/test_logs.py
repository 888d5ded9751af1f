"""What agents and tracers write down: messages in parts, requests and answers, questions with calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolace_mt.formats import RawRecord, Unreadable, read_records
from toolace_mt.transcript import Place, Transcript

ASKED = "How is the weather in Lund?"
TOLD = "It rains."
ARGUMENTS = {"city": "Lund"}
RESULT = {"sky": "rain"}
TOOL = {"name": "get_weather", "description": "Tells it.", "parameters": {"type": "object"}}
USER = {"role": "user", "content": ASKED}
CALLING = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c", "function": {"name": "get_weather", "arguments": json.dumps(ARGUMENTS)}}],
}

IN_PARTS: dict[str, list[Any]] = {
    "OpenTelemetry": [
        {"role": "user", "parts": [{"type": "text", "content": ASKED}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Hm."},
                {"type": "tool_call", "id": "c", "name": "get_weather", "arguments": ARGUMENTS},
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": RESULT}]},
        {"role": "assistant", "parts": [{"type": "text", "content": TOLD}], "finish_reason": "stop"},
    ],
    "the AI SDK's models": [
        USER,
        {
            "role": "assistant",
            "content": [
                {"type": "tool-call", "toolCallId": "c", "toolName": "get_weather", "input": ARGUMENTS}
            ],
        },
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "c",
                    "toolName": "get_weather",
                    "output": {"type": "json", "value": RESULT},
                }
            ],
        },
        {"role": "assistant", "content": [{"type": "text", "text": TOLD}]},
    ],
    "the AI SDK's pages": [
        {"id": "1", "role": "user", "parts": [{"type": "text", "text": ASKED}]},
        {
            "id": "2",
            "role": "assistant",
            "parts": [
                {"type": "step-start"},
                {
                    "type": "tool-get_weather",
                    "toolCallId": "c",
                    "state": "output-available",
                    "input": ARGUMENTS,
                    "output": RESULT,
                },
                {"type": "text", "text": TOLD, "state": "done"},
            ],
        },
    ],
    "its older pages": [
        {"role": "user", "content": ASKED, "parts": [{"type": "text", "text": ASKED}]},
        {
            "role": "assistant",
            "content": TOLD,
            "parts": [
                {
                    "type": "tool-invocation",
                    "toolInvocation": {
                        "state": "result",
                        "toolCallId": "c",
                        "toolName": "get_weather",
                        "args": ARGUMENTS,
                        "result": RESULT,
                    },
                },
                {"type": "text", "text": TOLD},
            ],
        },
    ],
    "Pydantic AI": [
        {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": ASKED}]},
        {
            "kind": "response",
            "parts": [
                {
                    "part_kind": "tool-call",
                    "tool_name": "get_weather",
                    "args": json.dumps(ARGUMENTS),
                    "tool_call_id": "c",
                }
            ],
        },
        {
            "kind": "request",
            "parts": [
                {
                    "part_kind": "tool-return",
                    "tool_name": "get_weather",
                    "content": RESULT,
                    "tool_call_id": "c",
                }
            ],
        },
        {"kind": "response", "parts": [{"part_kind": "text", "content": TOLD}]},
    ],
    "LangChain": [
        {"type": "human", "data": {"content": ASKED}},
        {
            "type": "ai",
            "data": {
                "content": "",
                "type": "ai",
                "tool_calls": [{"name": "get_weather", "args": ARGUMENTS, "id": "c"}],
            },
        },
        {"type": "tool", "data": {"content": json.dumps(RESULT), "tool_call_id": "c"}},
        {"type": "ai", "data": {"content": TOLD}},
    ],
}

EXCHANGES: dict[str, dict[str, Any]] = {
    "a question and its calls": {
        "question": ASKED,
        "tools": [TOOL],
        "expected_calls": [{"tool": "get_weather", "args": ARGUMENTS}],
    },
    "a query and one call": {"query": ASKED, "functions": [TOOL], "tool_calls": CALLING["tool_calls"]},
    "a prompt and marked text": {
        "prompt": ASKED,
        "tools": [TOOL],
        "response": f"<tool_call>{json.dumps({'name': 'get_weather', 'arguments': ARGUMENTS})}</tool_call>",
    },
    "instruction, input, output": {
        "instruction": "Call tools.",
        "input": ASKED,
        "output": json.dumps({"name": "get_weather", "arguments": ARGUMENTS}),
        "tools": json.dumps([TOOL]),
    },
    "a test case": {
        "input": ASKED,
        "actual_output": TOLD,
        "tools_called": [{"name": "get_weather", "input_parameters": ARGUMENTS, "output": TOLD}],
    },
    "a span": {"id": "t", "input": {"messages": [USER], "tools": [TOOL]}, "output": CALLING},
    "a run": {"inputs": {"messages": [USER]}, "outputs": {"messages": [USER, CALLING]}},
    "a chat and its answer": {
        "messages": [USER],
        "tools": [TOOL],
        "wrong_calls": [{"name": "other", "arguments": {}}],
        "gold": {"name": "get_weather", "arguments": ARGUMENTS},
    },
}


def read(record: dict[str, Any]) -> list[Transcript | Unreadable]:
    return read_records(RawRecord(number=0, text=json.dumps(record).encode()), Place("f", 0), None)


def calls_in(found: Transcript) -> list[Any]:
    return [(call.name, call.arguments) for message in found.messages for call in message.calls]


@pytest.mark.parametrize("log", IN_PARTS)
def test_a_log_in_parts_is_the_dialogue_that_it_tells(log: str) -> None:
    (found,) = read({"messages": IN_PARTS[log]})
    assert isinstance(found, Transcript), found
    assert [message.role for message in found.messages] == ["user", "assistant", "tool", "assistant"]
    asked, _, answered, told = found.messages
    assert (asked.text, answered.value, told.text) == (ASKED, RESULT, TOLD)
    assert answered.call_id == "c"
    assert calls_in(found) == [("get_weather", ARGUMENTS)]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_question_is_read_with_the_calls_that_answer_it(exchange: str) -> None:
    (found,) = read({**EXCHANGES[exchange]})
    assert isinstance(found, Transcript), found
    assert [message.text for message in found.messages if message.role == "user"] == [ASKED]
    assert calls_in(found) == [("get_weather", ARGUMENTS)]


def test_a_tool_that_failed_is_told_as_failed() -> None:
    failed = {
        "role": "assistant",
        "parts": [
            {"type": "tool-get_weather", "toolCallId": "c", "input": ARGUMENTS, "errorText": "no such town"}
        ],
    }
    (found,) = read({"messages": [USER, failed]})
    assert isinstance(found, Transcript)
    assert found.messages[2].value == {"error": "no such town"}


def test_a_part_that_nobody_knows_is_refused_by_its_name() -> None:
    unknown = {"role": "assistant", "parts": [{"type": "hologram"}]}
    (found,) = read({"messages": [USER, unknown]})
    assert isinstance(found, Unreadable)
    assert "message 1 has a part of unknown type 'hologram'" in found.reason


@pytest.mark.parametrize("key", ["prompt", "response", "answer", "task"])
def test_tools_beside_a_text_are_no_list_of_tools(key: str) -> None:
    (found,) = read({"tools": [TOOL], key: ASKED})
    assert isinstance(found, Unreadable)
