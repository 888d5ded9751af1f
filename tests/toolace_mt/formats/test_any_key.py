"""Dialogues that stand under a key which no dialect names are read, or refused aloud; never dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolace_mt.formats import RawRecord, is_catalogue_file, read_record
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


@pytest.mark.parametrize("turns", [OPENAI, SHAREGPT])
@pytest.mark.parametrize("key", ["dialogue", "history", "steps", "trajectory", "any name at all"])
@pytest.mark.parametrize("tools", [{}, {"tools": TOOLS}])
def test_the_one_list_of_turns_is_the_dialogue(key: str, turns: list[Any], tools: dict[str, Any]) -> None:
    found = read({"id": 7, **tools, key: turns})
    assert isinstance(found, Transcript)
    assert [call.name for message in found.messages for call in message.calls] == ["get_order"]


@pytest.mark.parametrize(
    "record",
    [
        {"tools": TOOLS, "before": OPENAI, "after": OPENAI},
        {"tools": TOOLS, "turns": [{"speaker": "A", "utterance": "Where is it?"}]},
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
