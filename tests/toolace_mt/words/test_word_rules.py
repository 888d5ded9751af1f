"""Which rewordings pass and which rule refuses the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.draft import Slot, SlotKind
from toolace_mt.testing import harmless_fill, make_slot
from toolace_mt.words.context import FillContext, Strictness
from toolace_mt.words.rules import first_breach
from toolace_mt.words.tokens import similarity

CANCEL = make_slot("I want to cancel order W3021. The reason is too late.", "W3021", "too late")
FILE = make_slot("Could you delete /docs/plan.md?", "/docs/plan.md")
REPORT = make_slot("Order W3021 is cancelled. $12.50 goes back to your card.", "W3021", "$12.50", "card",
                   kind=SlotKind.REPORT)  # fmt: skip
DENIAL = make_slot("I could not do that. Order W3021 is not pending.", "W3021", kind=SlotKind.FAILURE)
QUESTION = make_slot("What is the order id?", kind=SlotKind.QUESTION)
ANSWER = make_slot("The order id is W3021.", "W3021", kind=SlotKind.ANSWER)
SEATS = make_slot("I found 3 seats on flight F3.", "3", "F3", kind=SlotKind.REPORT)
CHAT = make_slot("Thank you, that helps a lot.", kind=SlotKind.CHAT)
_ASSISTANT = {SlotKind.REPORT, SlotKind.FAILURE, SlotKind.QUESTION, SlotKind.CHAT_REPLY}


def breach(slot: Slot, text: str, *others: str, strictness: Strictness = "close") -> str | None:
    context = FillContext(
        kind=slot.kind,
        coarse=slot.coarse,
        speaker="assistant" if slot.kind in _ASSISTANT else "user",
        hidden_names=frozenset({"order_id", "cancel_order", "zipCode"}),
        others=others,
        strictness=strictness,
    )
    return first_breach(text, context)


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        (CANCEL, "Please cancel order W3021 for me, the reason is too late."),
        (CANCEL, "Hello! I'd like to cancel order W3021. The reason is too late."),
        (CANCEL, "Could you please cancel order W3021? The reason is: too late."),
        (FILE, "Please delete /docs/plan.md."),
        (FILE, "I want /docs/plan.md deleted, please."),
        (REPORT, "All done! Order W3021 is cancelled and $12.50 goes back to your card."),
        (REPORT, "I have cancelled order W3021 for you, and $12.50 goes back to your card."),
        (DENIAL, "Unfortunately I could not do that: order W3021 is not pending."),
        (QUESTION, "Could you tell me the order id?"),
        (QUESTION, "I can help with that. Which order id is it?"),
        (ANSWER, "Sure, the order id is W3021, thanks."),
        (FILE, "Could you please delete /docs/plan.md?"),
        (SEATS, "I have found three seats for you: 3 on flight F3."),
        (CHAT, "Oh thank you, that really helps a lot!"),
    ],
)
def test_a_good_rewording_passes(slot: Slot, text: str) -> None:
    assert breach(slot, text) is None
    assert breach(slot, text, strictness="free") is None


@pytest.mark.parametrize(
    ("slot", "text", "rule"),
    [
        # its form
        (CANCEL, "", "malformed"),
        (CANCEL, " Please cancel order W3021, the reason is too late.", "malformed"),
        (CANCEL, "Please cancel order W3021, the reason is too late", "malformed"),
        (CANCEL, "Please cancel order W3021, the reason is too late...", "malformed"),
        (CANCEL, "Cancel W3021.", "length"),
        # its facts
        (CANCEL, "Please cancel my order for me, the reason is too late.", "lost-fact"),
        (CANCEL, "Please cancel order w3021, the reason is too late.", "lost-fact"),
        (CANCEL, "Please cancel order W30215, the reason is too late.", "lost-fact"),
        (CANCEL, "Please cancel order W3021, I have my reasons.", "lost-fact"),
        (FILE, "Please delete /docs/plan.md.md.", "lost-fact"),
        (FILE, "Please delete /docs/docs/plan.md.", "lost-fact"),
        (FILE, "Please delete plan.md for me.", "lost-fact"),
        (FILE, "Please delete /docs/plan.md/old.", "lost-fact"),
        (REPORT, "Order W3021 is cancelled and $112.50 goes back to your card.", "lost-fact"),
        (REPORT, "Order W3021 is cancelled and $12.509 goes back to your card.", "lost-fact"),
        (SEATS, "I found some seats on flight F3.", "lost-fact"),
        # more than was to be said
        (REPORT, "Order W3021 is cancelled. $12.50 goes back to your card. Have a nice day.", "padding"),
        (ANSWER, "The order id is W3021. I need it now.", "padding"),
        (REPORT, "Order W3021 is cancelled and $12.50 goes back to your card by 5 May.", "new-figure"),
        (REPORT, "Order W3021 is cancelled and $12.50 goes back to your card in five days.", "new-figure"),
        (CANCEL, "Please cancel my two items of order W3021, the reason is too late.", "new-figure"),
        # what only the code knows
        (ANSWER, "The order_id is W3021.", "leak"),
        (ANSWER, "Please use cancel_order with W3021.", "leak"),
        (ANSWER, "The zipCode is W3021.", "leak"),
        (ANSWER, "The {order} id is W3021.", "leak"),
        (ANSWER, "The order id is W3021, see https://example.org.", "leak"),
        # who speaks to whom
        (CANCEL, "Your order W3021 is to be cancelled, the reason is too late.", "role"),
        (REPORT, "I want order W3021 cancelled and $12.50 back to your card.", "role"),
        (REPORT, "Order W3021 is cancelled and $12.50 goes back to my card.", "role"),
        (REPORT, "Is order W3021 cancelled? $12.50 goes back to your card.", "mood"),
        (REPORT, "Order W3021 will be cancelled and $12.50 goes back to your card.", "mood"),
        (FILE, "Could you delete /docs/plan.md.", "mood"),
        (FILE, "Deleting /docs/plan.md, please.", "role"),
        (QUESTION, "Please tell me what the order id is.", "mood"),
        (QUESTION, "What is the order id? Is it right?", "padding"),
        (ANSWER, "Is the order id W3021?", "mood"),
        # whether it is so
        (CANCEL, "Please do not cancel order W3021. The reason is too late.", "polarity"),
        (DENIAL, "I could do that. Order W3021 is pending.", "polarity"),
        (REPORT, "Order W3021 isn't cancelled and $12.50 goes back to your card.", "polarity"),
        # what nobody said
        (CANCEL, "Please cancel the blue order W3021. The reason is too late.", "invented"),
        (REPORT, "Order W3021 is cancelled and $12.50 goes back to your silver card.", "invented"),
        (ANSWER, "The urgent order id is W3021.", "invented"),
        (REPORT, "I have done it: W3021, and $12.50 comes to your card.", "lost-content"),
        (ANSWER, "Sure, it is order id W3021, thanks.", "lost-article"),
        # how it is said
        (CANCEL, "Please please cancel order W3021. The reason is too late.", "stutter"),
        (CANCEL, "I want to cancel cancel order W3021. The reason is too late.", "stutter"),
        (ANSWER, "The order id is the order id is W3021.", "stutter"),
    ],
)
def test_a_bad_rewording_is_refused_by_the_rule_that_says_why(slot: Slot, text: str, rule: str) -> None:
    assert breach(slot, text) == rule


def test_the_words_of_another_turn_are_not_said_again() -> None:
    text = "Please cancel order W3021. The reason is too late."
    assert breach(CANCEL, text, text.upper()) == "repeats-a-turn"
    assert breach(CANCEL, text, "Something else.") is None


@pytest.mark.parametrize(
    ("slot", "text", "rule"),
    [
        (REPORT, "Good news: the refund for W3021 is on its way, so $12.50 returns to your card soon.", None),
        (REPORT, "Order W3021 is cancelled, $12.50 goes back to your card. Have a lovely evening.", None),
        (REPORT, "Order W3021 is cancelled.", "lost-fact"),
        (REPORT, "Order W3021 is cancelled, $12.50 goes to your card in 5 days.", "new-figure"),
        (ANSWER, "The order_id is W3021.", "leak"),
        (REPORT, "I want order W3021 and $12.50 on your card.", "role"),
        (REPORT, "Order W3021 gives $12.50 to your card, is that right?", "mood"),
    ],
)
def test_a_strong_model_may_choose_its_words_but_not_its_facts(
    slot: Slot, text: str, rule: str | None
) -> None:
    assert breach(slot, text, strictness="free") == rule


@given(seed=st.integers(), slot=st.sampled_from((CANCEL, FILE, REPORT, DENIAL, QUESTION, ANSWER, SEATS)))
def test_a_word_before_the_coarse_words_keeps_every_rule(seed: int, slot: Slot) -> None:
    assert breach(slot, harmless_fill(slot.coarse.text, seed)) is None


@given(slot=st.sampled_from((CANCEL, FILE, REPORT, SEATS, ANSWER)), data=st.data())
def test_a_rewording_without_one_of_the_facts_never_passes(slot: Slot, data: st.DataObject) -> None:
    lost = data.draw(st.sampled_from(slot.coarse.facts))
    text = slot.coarse.text.replace(lost, "it")
    assert breach(slot, text) is not None
    assert breach(slot, text, strictness="free") is not None


@given(first=st.text("abc .", max_size=20), second=st.text("abc .", max_size=20))
def test_similarity_is_symmetric_and_whole_for_equal_texts(first: str, second: str) -> None:
    assert similarity(first, second) == similarity(second, first)
    assert 0 <= similarity(first, second) <= similarity(first, first) == 1
