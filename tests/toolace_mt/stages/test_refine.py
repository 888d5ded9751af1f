"""Mask-and-fill: which turns, which fills are kept, and that nothing depends on the order of replies."""

import itertools
import json
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import ChatRequest, RefusedRequest, TransientError
from toolace_mt.asking import Ask
from toolace_mt.chance import source_of_chance
from toolace_mt.draft import Draft, SlotKind
from toolace_mt.prompts import voices_of
from toolace_mt.stages.judge import Contest, ModelJudge, RuleJudge
from toolace_mt.stages.refine import Refiner, drawn_mask
from toolace_mt.testing import FunctionModel, Stage, make_slot
from toolace_mt.words.context import Strictness


class Biased:
    """A judge with one opinion."""

    def __init__(self, *, wins: bool) -> None:
        self._wins = wins
        self.contests: list[Contest] = []

    name = "biased"

    async def prefers_new(self, contest: Contest, ask: Ask) -> bool:  # noqa: ARG002  # the seam's signature
        self.contests.append(contest)
        return self._wins


def refiner(*, wins: bool = True, attempts: int = 3, strictness: Strictness = "close") -> Refiner:
    return Refiner(judge=Biased(wins=wins), strictness=strictness, attempts=attempts)


def fills(text: str) -> FunctionModel:
    return FunctionModel(lambda _: json.dumps({"text": text}))


@pytest.fixture(scope="session")
async def drafts(stages: dict[str, Stage]) -> tuple[Draft, ...]:
    return tuple([await stage.draft(seed) for stage in stages.values() for seed in range(5)])


@pytest.fixture(scope="session")
def draft(drafts: tuple[Draft, ...]) -> Draft:
    return max(drafts, key=lambda draft: len(draft.dialogue.turns))


def test_a_mask_takes_one_to_four_turns_and_never_neighbours(drafts: tuple[Draft, ...]) -> None:
    for draft in drafts:
        spoken = [position for position, _, _ in draft.spoken_turns()]
        for seed in range(20):
            mask = drawn_mask(draft, random.Random(seed))
            assert 1 <= len(mask) <= 4
            assert list(mask) == sorted(set(mask))
            places = [spoken.index(position) for position in mask]
            assert all(later - earlier > 1 for earlier, later in itertools.pairwise(places))


def test_a_refined_turn_is_not_masked_again(draft: Draft) -> None:
    done = {position: replace(slot, refined=True) for position, slot, _ in draft.spoken_turns()[1:]}
    rest = draft.with_slots(done)
    assert {drawn_mask(rest, random.Random(seed)) for seed in range(10)} == {(draft.spoken_turns()[0][0],)}
    position, slot, _ = draft.spoken_turns()[0]
    assert drawn_mask(rest.with_slots({position: replace(slot, refined=True)}), random.Random(0)) == ()


def test_a_turn_that_was_often_picked_is_picked_less(draft: Draft) -> None:
    position, slot, _ = draft.spoken_turns()[0]
    tired = draft.with_slots({position: replace(slot, picks=5)})
    fresh_picks, tired_picks = (
        sum(position in drawn_mask(case, random.Random(seed)) for seed in range(300))
        for case in (draft, tired)
    )
    assert tired_picks * 4 < fresh_picks


async def test_a_fill_that_wins_takes_the_turns_place_and_nothing_else_changes(draft: Draft) -> None:
    refined = await refiner().refine(draft, FunctionModel().complete)
    (done,) = refined.rounds
    assert done.replaced
    assert set(done.replaced) <= set(done.masked)
    changed = {
        position
        for position, (old, new) in enumerate(zip(draft.dialogue.turns, refined.dialogue.turns, strict=True))
        if old != new
    }
    assert changed == set(done.replaced)
    assert refined.dialogue.calls() == draft.dialogue.calls()
    assert refined.steps == draft.steps
    picked = {position for position, slot, _ in refined.spoken_turns() if slot.picks}
    assert picked == set(done.masked)
    assert {p for p, slot, _ in refined.spoken_turns() if slot.refined} == set(done.replaced)


@pytest.mark.parametrize("wins", [True, False])
async def test_winner_and_loser_are_kept_as_a_pair(draft: Draft, wins: bool) -> None:
    refined = await refiner(wins=wins).refine(draft, FunctionModel().complete)
    old = {position: text for position, _, text in draft.spoken_turns()}
    assert refined.preferences
    for pair in refined.preferences:
        assert pair.judge == "biased"
        assert (pair.rejected if wins else pair.chosen) == old[pair.turn]
        new = pair.chosen if wins else pair.rejected
        assert new != old[pair.turn]
        slot = draft.slots[pair.turn]
        assert slot is not None
        assert all(fact in new for fact in slot.coarse.facts)
        assert len(pair.before) == pair.turn
    if not wins:
        assert refined.dialogue == draft.dialogue
        assert not refined.rounds[0].replaced


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It is done.",
        "Please please.",
        "{order_id}",
        "A wholly invented elephant wants W9999 at 5 o'clock.",
    ],
)
async def test_a_fill_that_breaks_a_rule_is_not_kept(draft: Draft, text: str) -> None:
    model = fills(text)
    refined = await refiner().refine(draft, model.complete)
    assert refined.dialogue == draft.dialogue
    assert not refined.preferences
    assert refined.rounds[0].masked
    assert not refined.rounds[0].replaced
    assert len(model.requests) == len(refined.rounds[0].refused) > 0
    assert len(model.requests) % 3 == 0


@pytest.mark.parametrize("reply", ["", "no JSON", "[]", '"text"', '{"text": 1}', '{"words": "Hello."}'])
async def test_a_reply_that_is_no_fill_leaves_the_turn(draft: Draft, reply: str) -> None:
    refined = await refiner().refine(draft, FunctionModel(lambda _: reply).complete)
    assert refined.dialogue == draft.dialogue


async def test_what_refused_each_fill_is_kept(draft: Draft) -> None:
    refined = await refiner(attempts=1).refine(draft, fills("No").complete)
    (done,) = refined.rounds
    assert {rule for _, rule in done.refused} == {"malformed"}
    assert {position for position, _ in done.refused} <= set(done.masked)


async def test_two_gaps_of_a_round_never_get_the_same_words(draft: Draft) -> None:
    places = [position for position, slot, _ in draft.spoken_turns() if slot.kind is SlotKind.REQUEST]
    same = draft.with_slots({place: make_slot("I want to see my orders.") for place in places})
    refined = await refiner().fill(same, places, fills("I need to see my orders.").complete, label="test")
    assert refined.rounds[0].replaced == (places[0],)


@pytest.mark.parametrize("strictness", ["close", "free"])
async def test_every_attempt_is_a_request_of_its_own(draft: Draft, strictness: Strictness) -> None:
    model = fills("No")
    await refiner(attempts=5, strictness=strictness).refine(draft, model.complete)
    by_part: dict[str, list[ChatRequest]] = {}
    for request in model.requests:
        by_part.setdefault(request.messages[-1].content, []).append(request)
    for requests in by_part.values():
        kind = requests[0].purpose.removeprefix("refine.")
        voices = len(voices_of(kind))
        assert len({request.seed for request in requests}) == len(requests) == 5
        assert [request.temperature for request in requests] == [0.0] * voices + [0.6] * (5 - voices)
        assert len({request.messages for request in requests[:voices]}) == voices


async def test_a_small_model_is_asked_for_parts_and_a_larger_one_for_turns(draft: Draft) -> None:
    position, slot, text = next(spoken for spoken in draft.spoken_turns() if len(spoken[1].parts) > 1)
    for strictness, wanted in (("close", [part.coarse.text for part in slot.parts]), ("free", [text])):
        model = FunctionModel()
        filler = refiner(strictness=strictness)  # type: ignore[arg-type]  # one of the two
        await filler.fill(draft, [position], model.complete, label="test")
        assert {request.messages[-1].content for request in model.requests} <= set(wanted)


async def test_a_refused_request_costs_its_attempt_and_not_the_dialogue(draft: Draft) -> None:
    def write(request: ChatRequest) -> str:
        if request.temperature == 0:
            raise RefusedRequest("too long")
        return json.dumps({"text": f"Okay, {request.messages[-1].content}"})

    refined = await refiner(attempts=5).refine(draft, FunctionModel(write).complete)
    assert refined.rounds[0].replaced
    assert "no-reply" in {rule for _, rule in refined.rounds[0].refused}


async def test_trouble_outside_ends_the_round_as_itself(draft: Draft) -> None:
    def write(request: ChatRequest) -> str:
        raise TransientError(f"no answer to {request.purpose}")

    with pytest.raises(TransientError):
        await refiner().refine(draft, FunctionModel(write).complete)


async def test_all_gaps_of_a_round_are_asked_at_once(draft: Draft) -> None:
    in_flight, most = 0, 0

    async def ask(request: ChatRequest) -> object:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        try:
            return await model.complete(request)
        finally:
            in_flight -= 1

    model = FunctionModel(delay=lambda _: 3)
    refined = await refiner(strictness="free").refine(draft, ask)  # type: ignore[arg-type]  # gives what the model gives
    assert most == len(refined.rounds[0].masked) > 1


async def test_rounds_go_on_until_every_turn_has_been_refined(drafts: tuple[Draft, ...]) -> None:
    for draft in drafts:
        refined = draft
        for _ in range(30):
            refined = await refiner().refine(refined, FunctionModel().complete)
        again = await refiner().refine(refined, FunctionModel().complete)
        assert all(slot.refined for _, slot, _ in refined.spoken_turns())
        assert again is refined
        assert len(refined.rounds) < 30


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(salt=st.integers(0, 2**32), with_model=st.booleans())
async def test_the_order_in_which_replies_arrive_changes_nothing(
    draft: Draft, salt: int, with_model: bool
) -> None:
    def delay(request: ChatRequest) -> int:
        return source_of_chance(salt, request.seed, len(request.messages[-1].content)).randint(0, 6)

    judge = ModelJudge() if with_model else RuleJudge()
    refiner = Refiner(judge=judge, strictness="close")
    prompt, late = FunctionModel(), FunctionModel(delay=delay)
    first = second = draft
    for _ in range(2):
        first = await refiner.refine(first, prompt.complete)
        second = await refiner.refine(second, late.complete)
    assert first == second
