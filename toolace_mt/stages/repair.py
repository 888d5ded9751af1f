"""Repair before drop: mask the turn that a rule names, fill it again, and fall back on its plain words."""

from __future__ import annotations

from dataclasses import replace

from toolace_mt.asking import Ask
from toolace_mt.dialogue import AssistantTurn, UserTurn
from toolace_mt.draft import Draft
from toolace_mt.stages.refine import Refiner
from toolace_mt.stages.verify import Verdict

__all__ = ["repair"]


async def repair(draft: Draft, verdict: Verdict, refiner: Refiner, ask: Ask, *, attempt: int) -> Draft | None:
    """The draft with other words at the named turn; None when the fault is not one of words."""
    position = verdict.turn
    if position is None or not isinstance(draft.dialogue.turns[position], UserTurn | AssistantTurn):
        return None
    slot = draft.slots[position]
    assert slot is not None
    plain = draft.with_slots({position: replace(slot, words=None)})
    if attempt == 0 and plain.dialogue != draft.dialogue:
        return plain
    filled = await refiner.fill(plain, [position], ask, label=f"repair {attempt}")
    return None if filled.dialogue == draft.dialogue else filled
