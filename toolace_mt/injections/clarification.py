"""Clarification: the user leaves a value out, the assistant asks for it, the user gives it."""

from __future__ import annotations

import random
from dataclasses import replace

from toolace_mt.dialogue import AssistantTurn, UserTurn
from toolace_mt.draft import Draft, Injection, Part, Slot, SlotKind
from toolace_mt.executing import Run
from toolace_mt.injections.base import request_position, untouched
from toolace_mt.words.coarse import answer_with, question_about, request_for

__all__ = ["Clarification"]


class Clarification:
    """Changes no call, so nothing is executed again."""

    name = "clarification"

    async def apply(self, draft: Draft, chance: random.Random, run: Run) -> Draft | None:  # noqa: ARG002  # the seam's signature
        for index in untouched(draft, chance):
            task = draft.plan.sub_tasks[index]
            told = [said for said in task.said if not isinstance(said.value, bool)]
            if not told:
                continue
            missing = chance.choice(told)
            shorter = request_for(task, chance, first=index == 0, without=missing)
            told_so = (str(missing.value), *answer_with(missing).facts)
            if any(fact in part.coarse.text for part in shorter for fact in told_so):
                continue
            question = (Part(SlotKind.QUESTION, question_about(missing)),)
            answer = (Part(SlotKind.ANSWER, answer_with(missing)),)
            slots = (
                Slot(kind=SlotKind.REQUEST, parts=shorter, sub_task=index),
                Slot(kind=SlotKind.QUESTION, parts=question, sub_task=index),
                Slot(kind=SlotKind.ANSWER, parts=answer, sub_task=index),
            )
            return _extended(draft, index, slots, missing.parameter)
        return None


def _extended(draft: Draft, index: int, slots: tuple[Slot, Slot, Slot], parameter: str) -> Draft:
    request, question, answer = slots
    position = request_position(draft, index)
    draft = draft.with_slots({position: request})
    turns = (AssistantTurn(question.coarse.text), UserTurn(answer.coarse.text))
    return replace(
        draft,
        dialogue=draft.dialogue.extend(position + 1, turns),
        slots=(*draft.slots[: position + 1], question, answer, *draft.slots[position + 1 :]),
        injections=(
            *draft.injections,
            Injection(kind=Clarification.name, sub_task=index, detail=f"left out {parameter}"),
        ),
    )
