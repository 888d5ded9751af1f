"""Repair before drop."""

from dataclasses import replace

import pytest

from toolace_mt.dialogue import AssistantTurn, CallTurn
from toolace_mt.draft import Draft
from toolace_mt.findings import Finding
from toolace_mt.provenance import trace
from toolace_mt.stages.judge import RuleJudge
from toolace_mt.stages.refine import Refiner
from toolace_mt.stages.repair import repair
from toolace_mt.stages.verify import Verdict, verify
from toolace_mt.testing import FunctionModel, Stage
from toolace_mt.transcribe import transcript_of

REFINER = Refiner(judge=RuleJudge(), strictness="free")


@pytest.fixture(scope="session")
async def draft(retail: Stage) -> Draft:
    return await retail.draft(2)


def blaming(draft: Draft, turn: int | None) -> Verdict:
    transcript = transcript_of(draft, final_state_digest=draft.final_state_digest)
    fault = Finding(rule="TA702", message="it said the same", turn=None if turn is None else turn + 1)
    return Verdict(transcript=transcript, sources=trace(transcript), faults=(fault,), turn=turn)


def spoilt_with(draft: Draft, text: str) -> Draft:
    """The draft with other words at its first turn."""
    _, slot, _ = draft.spoken_turns()[0]
    return draft.with_slots({0: replace(slot, words=(text,))})


async def test_bad_words_give_way_to_the_plain_ones_first(draft: Draft, retail: Stage) -> None:
    spoilt = spoilt_with(draft, "order order order order order order order")
    verdict = await verify(spoilt, retail.pack, retail.run)
    assert verdict.turn == 0
    model = FunctionModel()
    mended = await repair(spoilt, verdict, REFINER, model.complete, attempt=0)
    assert mended is not None
    assert mended.dialogue == draft.dialogue
    assert not model.requests
    assert (await verify(mended, retail.pack, retail.run)).is_accepted


async def test_plain_words_at_fault_are_filled_anew(draft: Draft) -> None:
    model = FunctionModel()
    mended = await repair(draft, blaming(draft, 0), REFINER, model.complete, attempt=0)
    assert mended is not None
    assert model.requests
    changed = [
        place
        for place, (old, new) in enumerate(zip(draft.dialogue.turns, mended.dialogue.turns, strict=True))
        if old != new
    ]
    assert changed == [0]


async def test_a_second_repair_asks_the_model_even_when_plain_words_are_at_hand(draft: Draft) -> None:
    spoilt = spoilt_with(draft, "Hello, hello.")
    model = FunctionModel()
    mended = await repair(spoilt, blaming(spoilt, 0), REFINER, model.complete, attempt=1)
    assert mended is not None
    assert model.requests
    _, slot, text = mended.spoken_turns()[0]
    assert text not in {slot.coarse.text, "Hello, hello."}


async def test_a_fault_of_calls_and_one_without_a_place_are_given_up(draft: Draft) -> None:
    call = next(place for place, turn in enumerate(draft.dialogue.turns) if isinstance(turn, CallTurn))
    model = FunctionModel()
    for turn in (call, call + 1, None):
        assert await repair(draft, blaming(draft, turn), REFINER, model.complete, attempt=0) is None
    assert not model.requests


async def test_a_repair_that_changes_nothing_is_given_up(draft: Draft) -> None:
    silent = FunctionModel(lambda _: "no JSON")
    assert await repair(draft, blaming(draft, 0), REFINER, silent.complete, attempt=1) is None


async def test_a_repaired_turn_keeps_calls_and_results(draft: Draft) -> None:
    position = len(draft.dialogue.turns) - 1
    assert isinstance(draft.dialogue.turns[position], AssistantTurn)
    mended = await repair(draft, blaming(draft, position), REFINER, FunctionModel().complete, attempt=0)
    assert mended is not None
    assert mended.dialogue.calls() == draft.dialogue.calls()
    assert replace(mended, dialogue=draft.dialogue, slots=draft.slots, rounds=(), preferences=()) == draft
