"""Filling one gap: which parts are asked for, and when the whole turn's rules have the last word."""

import json

import pytest

from engine import ChatRequest
from toolace_mt.draft import Draft, Part, Slot, SlotKind
from toolace_mt.phrases import Phrase
from toolace_mt.stages.fill import Filled, fill_gap, gaps_at
from toolace_mt.testing import FunctionModel, Stage
from toolace_mt.words.context import Strictness

DONE = Part(SlotKind.REPORT, Phrase("Order W2042 is cancelled.", ("W2042",)))
REFUND = Part(SlotKind.REPORT, Phrase("$12.50 goes back to your card.", ("$12.50",)))
NEW_DONE = "I have cancelled order W2042."
NEW_REFUND = "Your card gets $12.50 back, it goes now."


@pytest.fixture(scope="session")
async def draft(retail: Stage) -> Draft:
    """A draft whose last turn reports in two parts."""
    draft = await retail.draft(2)
    return with_last(draft, Slot(kind=SlotKind.REPORT, parts=(DONE, REFUND), sub_task=0))


def with_last(draft: Draft, slot: Slot) -> Draft:
    return draft.with_slots({len(draft.slots) - 1: slot})


async def filled(
    draft: Draft, texts: dict[str, str], *, strictness: Strictness = "close"
) -> tuple[Filled, list[str]]:
    """Fill the last turn by a model that has one answer to each text, and give what it was asked."""

    def write(request: ChatRequest) -> str:
        return json.dumps({"text": texts.get(request.messages[-1].content, "No")})

    model = FunctionModel(write)
    (gap,) = gaps_at(draft, [len(draft.slots) - 1])
    done = await fill_gap(gap, model.complete, strictness=strictness, attempts=1, label="test")
    return done, [request.messages[-1].content for request in model.requests]


async def test_each_part_is_asked_for_and_keeps_its_place(draft: Draft) -> None:
    done, asked = await filled(draft, {DONE.coarse.text: NEW_DONE, REFUND.coarse.text: NEW_REFUND})
    assert asked == [DONE.coarse.text, REFUND.coarse.text]
    assert done == Filled(words=(NEW_DONE, NEW_REFUND), refused=())


async def test_a_part_that_got_no_fill_keeps_its_words_and_the_other_is_new(draft: Draft) -> None:
    done, _ = await filled(draft, {DONE.coarse.text: NEW_DONE})
    assert done == Filled(words=(NEW_DONE, REFUND.coarse.text), refused=("malformed",))


async def test_a_larger_model_is_asked_for_the_whole_turn(draft: Draft) -> None:
    whole = f"{DONE.coarse.text} {REFUND.coarse.text}"
    new = "Good news: with W2042 gone, $12.50 returns to you."
    done, asked = await filled(draft, {whole: new}, strictness="free")
    assert asked == [whole]
    assert done.words == (new,)


async def test_parts_that_pass_alone_may_fail_together(draft: Draft) -> None:
    texts = {part.coarse.text: f"Thanks, {part.coarse.text}" for part in (DONE, REFUND)}
    done, _ = await filled(draft, texts)
    assert done == Filled(words=None, refused=("whole turn: stutter",))


async def test_nothing_new_is_no_fill(draft: Draft) -> None:
    done, _ = await filled(draft, {part.coarse.text: part.coarse.text for part in (DONE, REFUND)})
    assert done.words is None
    assert done.refused == ("unchanged", "unchanged")


@pytest.mark.parametrize(
    "part",
    [
        Part(SlotKind.REPORT, Phrase("Here they are: W1, pending; W2, sent.", ("W1", "W2"))),
        Part(SlotKind.REPORT, Phrase("hanging basket, round.", ("hanging basket", "round"))),
        Part(SlotKind.REPORT, Phrase("It is " + "very " * 60 + "late.")),
        Part(SlotKind.DETAIL, Phrase("My reason is that it is too late.")),
    ],
    ids=["a list", "all facts", "long", "a detail"],
)
async def test_what_a_small_model_would_spoil_is_left_alone(draft: Draft, part: Part) -> None:
    slot = Slot(kind=SlotKind.REPORT, parts=(part, DONE), sub_task=0)
    done, asked = await filled(with_last(draft, slot), {})
    assert asked == [DONE.coarse.text]
    assert done.words is None


async def test_a_part_that_was_reworded_is_not_asked_for_again(draft: Draft) -> None:
    words = (NEW_DONE, REFUND.coarse.text)
    half = Slot(kind=SlotKind.REPORT, parts=(DONE, REFUND), sub_task=0, words=words)
    _, asked = await filled(with_last(draft, half), {})
    assert asked == [REFUND.coarse.text]
