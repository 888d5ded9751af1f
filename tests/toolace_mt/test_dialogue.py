"""The dialogue algebra, as laws."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from toolace_mt.dialogue import (
    AssistantTurn,
    CallTurn,
    Dialogue,
    DialogueError,
    MaskedTurn,
    ResultTurn,
    ToolCall,
    ToolResult,
    Turn,
    UserTurn,
)
from toolace_mt.testing import dialogues, exchange_turns, make_dialogue

USER = UserTurn("Hello.")
REPLY = AssistantTurn("Hello!")
CALL = CallTurn((ToolCall(name="get_order", arguments={"n": 1}),))
TWO_CALLS = CallTurn((ToolCall(name="get_order", arguments={}), ToolCall(name="list_orders", arguments={})))
RESULT = ResultTurn((ToolResult(value={"n": 1}),))
TWO_RESULTS = ResultTurn((ToolResult(value=1), ToolResult(value=2)))
ANY_TURN: st.SearchStrategy[Turn] = st.sampled_from(
    (USER, REPLY, CALL, RESULT, MaskedTurn("user"), MaskedTurn("assistant"))
)


def words_at(dialogue: Dialogue) -> dict[int, str]:
    return {
        place: turn.text
        for place, turn in enumerate(dialogue.turns)
        if isinstance(turn, UserTurn | AssistantTurn)
    }


def acts(dialogue: Dialogue) -> tuple[Turn, ...]:
    return tuple(turn for turn in dialogue.turns if isinstance(turn, CallTurn | ResultTurn))


@st.composite
def masked(draw: st.DrawFn) -> tuple[Dialogue, frozenset[int]]:
    """A dialogue and some of its turns of words."""
    dialogue = draw(dialogues(complete=False))
    places = sorted(words_at(dialogue))
    return dialogue, draw(st.frozensets(st.sampled_from(places)) if places else st.just(frozenset()))


@given(case=masked())
def test_filling_every_gap_with_what_was_there_undoes_the_mask(case: tuple[Dialogue, frozenset[int]]) -> None:
    dialogue, places = case
    words = words_at(dialogue)
    assert dialogue.mask(places).fill({place: words[place] for place in places}) == dialogue


@given(case=masked(), text=st.text(max_size=5))
def test_masking_and_filling_never_touch_calls_and_results(
    case: tuple[Dialogue, frozenset[int]], text: str
) -> None:
    dialogue, places = case
    gaps = dialogue.mask(places)
    filled = gaps.fill(dict.fromkeys(places, text))
    assert acts(gaps) == acts(filled) == acts(dialogue)
    assert gaps.calls() == filled.calls() == dialogue.calls()


@given(case=masked())
def test_a_mask_leaves_gaps_exactly_where_it_was_laid(case: tuple[Dialogue, frozenset[int]]) -> None:
    dialogue, places = case
    gaps = dialogue.mask(places)
    assert gaps.gaps == tuple(sorted(places))
    assert not places or not gaps.is_complete
    kept = set(range(len(dialogue.turns))) - places
    assert all(gaps.turns[place] == dialogue.turns[place] for place in kept)


@given(case=masked(), data=st.data())
def test_the_order_of_masks_and_of_fills_does_not_matter(
    case: tuple[Dialogue, frozenset[int]], data: st.DataObject
) -> None:
    dialogue, places = case
    order = data.draw(st.permutations(sorted(places)))
    one_by_one = dialogue
    for place in order:
        one_by_one = one_by_one.mask([place])
    assert one_by_one == dialogue.mask(places)
    for place in data.draw(st.permutations(order)):
        one_by_one = one_by_one.fill({place: f"words {place}"})
    assert one_by_one == dialogue.mask(places).fill({place: f"words {place}" for place in places})


@given(case=masked(), text=st.text(max_size=5))
def test_a_filled_gap_is_spoken_by_whoever_was_masked(
    case: tuple[Dialogue, frozenset[int]], text: str
) -> None:
    dialogue, places = case
    filled = dialogue.mask(places).fill(dict.fromkeys(places, text))
    assert [type(turn) for turn in filled.turns] == [type(turn) for turn in dialogue.turns]


@given(case=masked(), text=st.text(max_size=5))
def test_to_reword_is_to_mask_and_to_fill(case: tuple[Dialogue, frozenset[int]], text: str) -> None:
    dialogue, places = case
    texts = {place: f"{place} {text}" for place in places}
    assert dialogue.reword(texts) == dialogue.mask(places).fill(texts)


@pytest.mark.parametrize("place", [-1, 1, 2, 4])
def test_only_turns_of_words_are_reworded(place: int) -> None:
    with pytest.raises(DialogueError, match=f"turn {place} has no words"):
        make_dialogue(USER, CALL, RESULT, REPLY).reword({place: "words"})


@given(dialogue=dialogues(), data=st.data())
def test_an_extension_is_well_formed_or_refused(dialogue: Dialogue, data: st.DataObject) -> None:
    position = data.draw(st.integers(-2, len(dialogue.turns) + 2))
    inserted = data.draw(st.lists(ANY_TURN, max_size=4))
    try:
        longer = dialogue.extend(position, inserted)
    except DialogueError:
        return
    assert longer.turns == (*dialogue.turns[:position], *inserted, *dialogue.turns[position:])
    assert alternates(longer.turns)


@given(dialogue=dialogues(), inserted=exchange_turns(), data=st.data())
def test_an_exchange_fits_before_every_word_of_the_user(
    dialogue: Dialogue, inserted: tuple[Turn, ...], data: st.DataObject
) -> None:
    places = [place for place, turn in enumerate(dialogue.turns) if isinstance(turn, UserTurn)]
    position = data.draw(st.sampled_from([*places, len(dialogue.turns)]))
    longer = dialogue.extend(position, inserted)
    assert longer.is_complete
    assert len(longer.calls()) == len(dialogue.calls()) + len(make_dialogue(*inserted).calls())


@given(turns=st.lists(ANY_TURN, max_size=8))
def test_a_dialogue_constructs_exactly_when_it_alternates(turns: list[Turn]) -> None:
    try:
        dialogue = make_dialogue(*turns)
    except DialogueError:
        assert not alternates(turns)
    else:
        assert alternates(dialogue.turns)


@given(dialogue=dialogues(), data=st.data())
def test_a_complete_dialogue_loses_its_form_when_one_turn_inside_is_dropped(
    dialogue: Dialogue, data: st.DataObject
) -> None:
    assume(len(dialogue.turns) > 2)
    place = data.draw(st.integers(0, len(dialogue.turns) - 2))
    with pytest.raises(DialogueError):
        make_dialogue(*dialogue.turns[:place], *dialogue.turns[place + 1 :])


@given(dialogue=dialogues(complete=False))
def test_the_calls_before_a_turn_are_those_that_earlier_turns_make(dialogue: Dialogue) -> None:
    for position in range(len(dialogue.turns) + 1):
        before = make_dialogue(*dialogue.turns[:position])
        assert dialogue.calls_before(position) == len(before.calls())


@given(dialogue=dialogues(complete=False), data=st.data())
def test_only_words_can_be_masked_and_only_gaps_filled(dialogue: Dialogue, data: st.DataObject) -> None:
    position = data.draw(st.integers(-1, len(dialogue.turns)))
    is_word = position in words_at(dialogue)
    if not is_word:
        with pytest.raises(DialogueError, match=f"turn {position} has no words"):
            dialogue.mask([position])
    with pytest.raises(DialogueError, match=f"turn {position} is not a gap"):
        dialogue.fill({position: "words"})


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ((REPLY,), "turn 0 is of kind assistant, which cannot follow start"),
        ((CALL,), "cannot follow start"),
        ((USER, USER), "turn 1 is of kind user"),
        ((USER, REPLY, REPLY), "turn 2 is of kind assistant"),
        ((USER, REPLY, CALL), "turn 2 is of kind call"),
        ((USER, RESULT), "turn 1 is of kind result"),
        ((USER, CALL, CALL), "turn 2 is of kind call"),
        ((USER, CALL, REPLY), "turn 2 is of kind assistant"),
        ((USER, CALL, RESULT, USER), "turn 3 is of kind user"),
        ((USER, MaskedTurn("user")), "turn 1 is of kind user"),
        ((USER, CallTurn(())), "turn 1 calls nothing"),
        ((USER, CALL, TWO_RESULTS), "turn 2 does not answer the calls"),
        ((USER, TWO_CALLS, RESULT), "turn 2 does not answer the calls"),
    ],
)
def test_turns_out_of_order_are_refused_by_place(turns: tuple[Turn, ...], reason: str) -> None:
    with pytest.raises(DialogueError, match=reason):
        make_dialogue(*turns)


@pytest.mark.parametrize(
    ("turns", "is_complete"),
    [
        ((), False),
        ((USER,), False),
        ((USER, CALL), False),
        ((USER, CALL, RESULT), False),
        ((USER, MaskedTurn("assistant")), False),
        ((MaskedTurn("user"), REPLY), False),
        ((USER, REPLY), True),
        ((USER, TWO_CALLS, TWO_RESULTS, REPLY), True),
    ],
)
def test_a_dialogue_is_complete_when_the_assistant_has_the_last_word(
    turns: tuple[Turn, ...], is_complete: bool
) -> None:
    assert make_dialogue(*turns).is_complete is is_complete


def alternates(turns: tuple[Turn, ...] | list[Turn]) -> bool:
    """The same rule, told in another way: a regular expression over one letter a turn."""
    import re

    letters = {UserTurn: "u", AssistantTurn: "a", CallTurn: "c", ResultTurn: "r"}
    word = "".join(turn.speaker[0] if isinstance(turn, MaskedTurn) else letters[type(turn)] for turn in turns)
    return re.fullmatch(r"(u(cr)*a)*(u(cr)*c?)?", word) is not None
