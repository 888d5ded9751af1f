"""Answers of experts become findings by majority, and what they read holds the whole dialogue."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.checks import FAMILIES, RULES, Certainty
from toolace_mt.checks.experts import EXPERTS, Opinion, decide, is_settled, write_dialogue
from toolace_mt.transcript import DeclaredTool, Message, RecordedCall, Transcript

EXPERT = EXPERTS[0]


def opinion(verdict: str, turn: int | None = None, reason: str = "It is wrong.") -> Opinion:
    return Opinion(reason=reason, turn=turn, verdict=verdict)


def dialogue(*messages: Message) -> Transcript:
    return Transcript(
        id="d", messages=messages, tools=(DeclaredTool(name="get_order", description="Gets\nit."),)
    )


def test_each_expert_has_its_rule_and_its_own_question() -> None:
    judged = [(rule.code, rule.name) for rule in RULES if rule.certainty is Certainty.JUDGED]
    assert judged == [(expert.code, expert.name) for expert in EXPERTS]
    assert FAMILIES["TA8"] == "experts"
    written = write_dialogue(dialogue(Message(role="user", text="Hello {there}")))
    assert written is not None
    asked = {expert.messages(written, problem_first=False)[-1].content for expert in EXPERTS}
    assert len(asked) == len(EXPERTS)
    assert all("Hello {there}" in text and "get_order: Gets it." in text for text in asked)


def test_the_two_verdicts_change_places_in_the_question_and_in_the_schema() -> None:
    written = write_dialogue(dialogue(Message(role="user", text="Hello")))
    assert written is not None
    one, other = (EXPERT.messages(written, problem_first=first)[-1].content for first in (False, True))
    assert "fine or problem" in one
    assert "problem or fine" in other
    schemas = [json.dumps(EXPERT.schema(problem_first=first)) for first in (False, True)]
    assert schemas[0] != schemas[1]


@given(
    votes=st.lists(st.sampled_from(["fine", "problem", None]), max_size=7), asks=st.sampled_from([1, 3, 5, 7])
)
def test_a_finding_needs_more_than_half_of_all_answers_and_asking_ends_when_they_are_there(
    votes: list[str | None], asks: int
) -> None:
    opinions = [None if vote is None else opinion(vote, 0) for vote in votes[:asks]]
    found = decide(EXPERT, opinions, asks, turns=1)
    problems = sum(one is not None and one.verdict == "problem" for one in opinions)
    assert (found is not None) == (2 * problems > asks)
    if found is not None:
        assert is_settled(opinions, asks)
        assert f"({problems} of {len(opinions)} answers)" in found.message


@pytest.mark.parametrize(
    ("turns_named", "turn"),
    [((2, 2, 1), 2), ((1, 2, 2), 2), ((None, None, 1), None), ((9, 9, 1), None), ((-1, 0, 0), 0)],
)
def test_a_finding_stands_at_the_turn_that_most_answers_name_if_there_is_such_a_turn(
    turns_named: tuple[int | None, ...], turn: int | None
) -> None:
    opinions = [opinion("problem", named, f"about {named}") for named in turns_named]
    found = decide(EXPERT, opinions, 3, turns=3)
    assert found is not None
    assert found.turn == turn


@pytest.mark.parametrize(
    "text", ["", "no", "[]", '{"verdict": "problem"}', '{"reason": "a", "turn": "1", "verdict": "fine"}']
)
def test_what_is_no_answer_is_no_opinion(text: str) -> None:
    assert Opinion.read(text) is None


def test_an_expert_reads_every_turn_with_its_number_calls_and_results() -> None:
    call = RecordedCall(name="get_order", arguments={"order_id": "O17"}, id="c")
    broken = RecordedCall(name="get_order", arguments=None, raw="{'order_id'")
    written = write_dialogue(
        dialogue(
            Message(role="user", text="Please look."),
            Message(role="assistant", calls=(call, broken)),
            Message(role="tool", value={"rows": ["x" * 5_000]}),
        )
    )
    assert written is not None
    lines = [json.loads(line) for line in written.dialogue.splitlines()]
    assert [line["turn"] for line in lines] == [0, 1, 2]
    assert lines[1]["calls"] == [
        {"name": "get_order", "arguments": {"order_id": "O17"}},
        {"name": "get_order", "unreadable": "{'order_id'"},
    ]
    assert lines[2]["result"].endswith("… (cut)")


def test_a_dialogue_that_is_too_long_is_not_judged_in_part() -> None:
    assert write_dialogue(dialogue(*[Message(role="user", text="a" * 1_000)] * 100)) is None
