"""A dialogue as the data set will show it."""

import pytest
from hypothesis import given

from toolace_mt.dialogue import CallTurn, Dialogue, DialogueError, ResultTurn
from toolace_mt.testing import dialogues
from toolace_mt.transcribe import first_turn_of, messages_of


@given(dialogue=dialogues())
def test_every_result_answers_the_call_in_its_place(dialogue: Dialogue) -> None:
    messages = list(messages_of(dialogue))
    asked = [call.id for message in messages for call in message.calls]
    answered = [message.call_id for message in messages if message.role == "tool"]
    assert asked == answered == [f"call_{index}" for index in range(len(dialogue.calls()))]


@given(dialogue=dialogues())
def test_nothing_is_lost_or_added(dialogue: Dialogue) -> None:
    messages = list(messages_of(dialogue))
    assert messages[0].text == dialogue.system
    results = sum(len(turn.results) for turn in dialogue.turns if isinstance(turn, ResultTurn))
    others = sum(not isinstance(turn, ResultTurn) for turn in dialogue.turns)
    assert len(messages) == 1 + results + others
    calls = [(call.name, call.arguments) for message in messages for call in message.calls]
    assert calls == [(call.name, call.arguments) for call in dialogue.calls()]


@given(dialogue=dialogues())
def test_every_message_is_traced_back_to_the_turn_that_it_came_from(dialogue: Dialogue) -> None:
    messages = list(messages_of(dialogue))
    assert first_turn_of(dialogue, 0) is None
    assert first_turn_of(dialogue, len(messages)) is None
    for index, message in enumerate(messages[1:], 1):
        position = first_turn_of(dialogue, index)
        assert position is not None
        turn = dialogue.turns[position]
        match message.role:
            case "tool":
                assert isinstance(turn, ResultTurn)
            case _ if message.calls:
                assert isinstance(turn, CallTurn)
            case _:
                assert message.text == getattr(turn, "text", None)


@given(dialogue=dialogues())
def test_a_gap_cannot_be_written_down(dialogue: Dialogue) -> None:
    with pytest.raises(DialogueError, match="gap"):
        list(messages_of(dialogue.mask([0])))
