"""What is repeated, cut off or noise, and what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from toolace_mt.checks import check_transcript
from toolace_mt.transcript import Message, RecordedCall, Role, Transcript

CALL = RecordedCall(name="roll_dice", arguments={})


def rules(*messages: Message) -> list[str]:
    found = check_transcript(Transcript(id="x", messages=messages), select=("TA7",))
    return [finding.rule for finding in found]


def said(text: str, role: Role = "assistant") -> list[str]:
    other: Role = "user" if role == "assistant" else "assistant"
    messages = Message(role=role, text=text), Message(role=other, text="Please.")
    return rules(*(messages if role == "user" else reversed(messages)))


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({"eyes": 3}, {"eyes": 3}, ["TA701"]),
        ({"eyes": 3}, {"eyes": 5}, []),
        ({"error": "It fell."}, {"error": "It fell."}, []),
        ({"success": False, "message": "It fell."}, {"success": False, "message": "It fell."}, []),
        ({"success": True}, {"success": True}, ["TA701"]),
    ],
)
def test_a_call_is_repeated_where_it_did_not_fail_and_tells_the_same(
    first: Any, second: Any, found: list[str]
) -> None:
    messages = [Message(role="user", text="Roll.")]
    for value in (first, second):
        messages += [Message(role="assistant", calls=(CALL,)), Message(role="tool", value=value)]
    assert rules(*messages, Message(role="assistant", text="Rolled.")) == found


@pytest.mark.parametrize(
    "text",
    [
        "The table is ready:\n────────────────────────",
        "Here is the matrix:\n0 0 0 0 0 0 0 0",
        "Wrap it in `<s>` and `</s>`: `<s>old</s>` is shown struck through.",
        "Hi Bob,\n\nthe offsite is on Friday, see you there.\n\nBest regards,",
        "São Paulo, café, 140 €, “quoted”, it\u2019s fine.",
    ],
)
def test_what_only_looks_broken_is_left_alone(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("The order the order order order order order order order", "TA704"),
        ("It is zzzzzzzzzzzzzzzzzzzz", "TA704"),
        ("<s>[INST] Hello", "TA704"),
        ("Your order is on its way.</s>", "TA704"),
        ("Der CafÃ© ist offen.", "TA704"),
        ("It costs â\u201a¬140.", "TA704"),
        ("Itâ€™s on its way.", "TA704"),
        ("#####", "TA704"),
        ("I found the following places for you in the", "TA703"),
        ("I found three hotels near you, the first is,", "TA703"),
    ],
)
def test_noise_and_torn_texts_are_found(text: str, rule: str) -> None:
    assert said(text) == [rule]


@pytest.mark.parametrize("text", ["I'm sooooooooooooooo hungry", "wwwwwwwwwwwwwwww", "?", "!!"])
def test_people_may_write_as_people_do(text: str) -> None:
    assert said(text, "user") == []
