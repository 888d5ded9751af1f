"""What verification keeps out: faults planted into good drafts, each found by its rule at its turn."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from toolace_mt.dialogue import AssistantTurn, CallTurn, ResultTurn, ToolCall, ToolResult, Turn, UserTurn
from toolace_mt.draft import Draft
from toolace_mt.stages.verify import Verdict, verify
from toolace_mt.testing import Stage

Plant = Callable[[Draft], tuple[Draft, int]]


def with_turn(draft: Draft, position: int, turn: Turn) -> Draft:
    turns = (*draft.dialogue.turns[:position], turn, *draft.dialogue.turns[position + 1 :])
    return replace(draft, dialogue=replace(draft.dialogue, turns=turns))


def last(draft: Draft, kind: type[Turn]) -> int:
    return max(place for place, turn in enumerate(draft.dialogue.turns) if isinstance(turn, kind))


def with_call(draft: Draft, change: Callable[[ToolCall], ToolCall]) -> tuple[Draft, int]:
    position = next(
        place
        for place, turn in enumerate(draft.dialogue.turns)
        if isinstance(turn, CallTurn) and "order_id" in turn.calls[0].arguments
    )
    turn = draft.dialogue.turns[position]
    assert isinstance(turn, CallTurn)
    return with_turn(draft, position, CallTurn((change(turn.calls[0]),))), position


def ungrounded_id(draft: Draft) -> tuple[Draft, int]:
    return with_call(draft, lambda call: replace(call, arguments={**call.arguments, "order_id": "W9999"}))


def missing_argument(draft: Draft) -> tuple[Draft, int]:
    return with_call(draft, lambda call: replace(call, arguments={}))


def wrong_type(draft: Draft) -> tuple[Draft, int]:
    return with_call(draft, lambda call: replace(call, arguments={**call.arguments, "order_id": 7}))


def unknown_argument(draft: Draft) -> tuple[Draft, int]:
    return with_call(draft, lambda call: replace(call, arguments={**call.arguments, "urgent": True}))


def undeclared_tool(draft: Draft) -> tuple[Draft, int]:
    return with_call(draft, lambda call: replace(call, name="teleport_order"))


def placeholder(draft: Draft) -> tuple[Draft, int]:
    return with_call(
        draft, lambda call: replace(call, arguments={**call.arguments, "order_id": "<order_id>"})
    )


def observed(draft: Draft, *, is_id: bool) -> tuple[Draft, int]:
    """Change one value of the last result that has such a one; it is reported at the call."""
    for position, turn in reversed(list(enumerate(draft.dialogue.turns))):
        if not isinstance(turn, ResultTurn) or not isinstance(turn.results[0].value, dict):
            continue
        value = turn.results[0].value
        for key, old in value.items():
            if isinstance(old, str) and key.endswith("_id") is is_id:
                changed = ToolResult(value={**value, key: "W0000" if is_id else "something else"})
                return with_turn(draft, position, ResultTurn((changed,))), position - 1
    raise AssertionError("no result has such a value")


def changed_observation(draft: Draft) -> tuple[Draft, int]:
    return observed(draft, is_id=False)


def changed_id_in_observation(draft: Draft) -> tuple[Draft, int]:
    return observed(draft, is_id=True)


def repeated_text(draft: Draft) -> tuple[Draft, int]:
    position = last(draft, AssistantTurn)
    first = next(turn for turn in draft.dialogue.turns if isinstance(turn, AssistantTurn))
    return with_turn(draft, position, first), position


def cut_off_text(draft: Draft) -> tuple[Draft, int]:
    position = last(draft, AssistantTurn)
    return with_turn(draft, position, AssistantTurn("I have cancelled your order and the")), position


def meaningless_text(draft: Draft) -> tuple[Draft, int]:
    position = last(draft, UserTurn)
    return with_turn(draft, position, UserTurn("order order order order order order order")), position


def empty_text(draft: Draft) -> tuple[Draft, int]:
    position = last(draft, AssistantTurn)
    return with_turn(draft, position, AssistantTurn("")), position


PLANTED: tuple[tuple[Plant, str], ...] = (
    (ungrounded_id, "TA401"),
    (missing_argument, "TA301"),
    (wrong_type, "TA303"),
    (unknown_argument, "TA302"),
    (undeclared_tool, "TA201"),
    (placeholder, "TA403"),
    (changed_observation, "TA601"),
    (changed_id_in_observation, "TA601"),
    (repeated_text, "TA702"),
    (cut_off_text, "TA703"),
    (meaningless_text, "TA704"),
    (empty_text, "TA107"),
)


@pytest.fixture(scope="session")
async def draft(retail: Stage) -> Draft:
    """A good draft in which some call names an order."""
    for seed in range(50):
        draft = await retail.draft(seed)
        if not any("order_id" in call.arguments for call in draft.dialogue.calls()):
            continue
        if (await judged(draft, retail)).is_accepted:
            return draft
    raise AssertionError("no seed gives a good draft with an order")


async def judged(draft: Draft, stage: Stage) -> Verdict:
    return await verify(draft, stage.pack, stage.run)


async def test_a_good_draft_is_accepted(draft: Draft, retail: Stage) -> None:
    verdict = await judged(draft, retail)
    assert verdict.is_accepted
    assert verdict.turn is None


@pytest.mark.parametrize(("plant", "rule"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
async def test_a_planted_fault_is_found_by_its_rule_at_its_turn(
    draft: Draft, retail: Stage, plant: Plant, rule: str
) -> None:
    faulty, position = plant(draft)
    verdict = await judged(faulty, retail)
    assert not verdict.is_accepted
    named = [fault for fault in verdict.faults if fault.rule == rule]
    assert named, verdict.faults
    # One message stands before the turns: the system text.
    assert named[0].turn == position + 1
    assert verdict.turn is not None


async def test_a_final_state_that_was_not_reached_is_found(draft: Draft, retail: Stage) -> None:
    steps = (*draft.steps[:-1], replace(draft.steps[-1], state_digest="0" * 16))
    verdict = await judged(replace(draft, steps=steps), retail)
    assert [fault.rule for fault in verdict.faults] == ["TA604"]
