"""Dialogues that stand under a key which no dialect names are read, or refused aloud; never dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolace_mt.formats import RawRecord, is_catalogue_file, read_record, read_records
from toolace_mt.transcript import Place, Transcript

TOOLS = [{"name": "get_order", "description": "Gets.", "parameters": {"type": "object"}}]
OPENAI = [
    {"role": "user", "content": "Where is it?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"function": {"name": "get_order", "arguments": "{}"}}],
    },
]
SHAREGPT = [
    {"from": "human", "value": "Where?"},
    {"from": "function_call", "value": '{"name": "get_order", "arguments": {}}'},
]
PLACE = Place(file="some.jsonl", record=0)


def read(record: dict[str, Any]) -> Any:
    return read_record(RawRecord(number=0, text=json.dumps(record).encode()), PLACE, None)


def read_all(record: dict[str, Any]) -> list[Any]:
    return read_records(RawRecord(number=0, text=json.dumps(record).encode()), PLACE, None)


@pytest.mark.parametrize("turns", [OPENAI, SHAREGPT])
@pytest.mark.parametrize("key", ["dialogue", "history", "steps", "trajectory", "any name at all"])
@pytest.mark.parametrize("tools", [{}, {"tools": TOOLS}])
def test_the_one_list_of_turns_is_the_dialogue(key: str, turns: list[Any], tools: dict[str, Any]) -> None:
    found = read({"id": 7, **tools, key: turns})
    assert isinstance(found, Transcript)
    assert [call.name for message in found.messages for call in message.calls] == ["get_order"]


ANSWER = {"name": "get_order", "arguments": {}}


@pytest.mark.parametrize("key", ["ground_truth", "answer", "expected", "target"])
@pytest.mark.parametrize("messages", ["messages", "input_messages"])
@pytest.mark.parametrize("answer", [OPENAI[1], ANSWER, [ANSWER], [{"function": ANSWER}]])
def test_an_answer_apart_from_its_question_is_read_with_it(key: str, messages: str, answer: Any) -> None:
    found = read({"input_tools": TOOLS, "needed": TOOLS[:0], messages: OPENAI[:1], key: answer})
    assert isinstance(found, Transcript)
    assert [call.name for message in found.messages for call in message.calls] == ["get_order"]
    assert [tool.name for tool in found.tools or ()] == ["get_order"]


def test_calls_that_were_expected_of_a_dialogue_that_was_played_are_not_made_at_its_end() -> None:
    played = [*OPENAI, {"role": "tool", "content": "here"}, {"role": "user", "content": "Thanks, bye."}]
    found = read({"tools": TOOLS, "messages": played, "expected_actions": [ANSWER, ANSWER]})
    assert [message.role for message in found.messages] == ["user", "assistant", "tool", "user"]
    another = {"name": "get_order", "arguments": {"order_id": "2"}}
    asked = read({"tools": TOOLS, "messages": played, "expected_calls": [another]})
    assert [message.role for message in asked.messages][-1] == "assistant"


def test_a_dialogue_told_step_by_step_is_read_once() -> None:
    reply = {"role": "assistant", "content": "It is here."}
    result = {"role": "tool", "content": "here"}
    steps = [
        {"query": OPENAI[:1], "ground_truth": OPENAI[1]},
        {"query": [*OPENAI, result], "ground_truth": reply},
    ]
    (found,) = read_all({"id": 7, "tools": TOOLS, "turns": steps})
    assert [message.role for message in found.messages] == ["user", "assistant", "tool", "assistant"]
    contradicted = {"query": OPENAI[:1], "ground_truth": {"name": "other", "arguments": {}}}
    first, _ = read_all({"tools": TOOLS, "turns": [contradicted, steps[1]]})
    assert [call.name for message in first.messages for call in message.calls] == ["other"]
    other = {"query": [{"role": "user", "content": "And that?"}], "ground_truth": reply}
    both = read_all({"tools": TOOLS, "turns": [*steps, other]})
    assert [len(part.messages) for part in both] == [4, 2]


@pytest.mark.parametrize("role", ["function call", "Function-Call", "tool_call"])
def test_a_role_in_two_words_is_that_role(role: str) -> None:
    found = read({"messages": [OPENAI[0], {"role": role, "content": ANSWER}], "offered": TOOLS})
    assert isinstance(found, Transcript)
    assert [call.name for call in found.messages[1].calls] == ["get_order"]
    assert [tool.name for tool in found.tools or ()] == ["get_order"]


@pytest.mark.parametrize(
    "record",
    [
        {"tools": TOOLS, "before": OPENAI, "after": OPENAI},
        {"tools": TOOLS, "turns": [{"speaker": "A", "utterance": "Where is it?"}]},
        {"tools": TOOLS, "runs": [{"log": {"turns": OPENAI}}]},
    ],
)
def test_turns_that_cannot_be_read_are_refused_and_no_catalogue(
    record: dict[str, Any], tmp_path: Any
) -> None:
    found = read(record)
    assert not isinstance(found, Transcript)
    assert not found.is_foreign
    file = tmp_path / "some.json"
    file.write_text(json.dumps([record]))
    assert not is_catalogue_file(file)


MARKED = [
    OPENAI[0],
    {"role": "assistant", "content": '<tool_call>{"name": "get_order", "arguments": {}}</tool_call>'},
]


@pytest.mark.parametrize("messages", [OPENAI, MARKED])
@pytest.mark.parametrize(
    "beside",
    [
        {"chat_template_kwargs": {"xml_tools": [json.dumps(TOOLS[0])], "python_tools": []}},
        {"extra_info": {"tools": TOOLS}},
        {"offered": TOOLS},
    ],
)
def test_tools_are_found_wherever_they_stand_beside_the_messages(messages: list[Any], beside: Any) -> None:
    found = read({"messages": messages, **beside})
    assert [tool.name for tool in found.tools or ()] == ["get_order"]


def test_tools_are_found_in_a_system_prompt_of_any_words() -> None:
    prompt = {"role": "system", "content": f"You may use these: {json.dumps(TOOLS)} Be kind."}
    found = read({"messages": [prompt, *MARKED]})
    assert [tool.name for tool in found.tools or ()] == ["get_order"]
