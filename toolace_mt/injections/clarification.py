"""Clarification: the user leaves a value out, the assistant asks for it, the user gives it."""

from __future__ import annotations

import random
from dataclasses import replace

from toolace_mt.dialogue import AssistantTurn, UserTurn
from toolace_mt.draft import Draft, Injection, Slot, SlotKind
from toolace_mt.injections.base import request_position, untouched
from toolace_mt.stages.initialize import Run
from toolace_mt.words.coarse import answer_with, question_about, request_for
from toolace_mt.words.phrases import Phrase

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
            shorter = request_for(task, chance, first=index == 0, without=frozenset({missing.parameter}))
            if str(missing.value) in shorter.text:
                continue
            words = (shorter, question_about(missing), answer_with(missing))
            return _extended(draft, index, words, missing.parameter)
        return None


def _extended(draft: Draft, index: int, words: tuple[Phrase, Phrase, Phrase], parameter: str) -> Draft:
    request, question, answer = words
    position = request_position(draft, index)
    dialogue = draft.dialogue.mask([position]).fill({position: request.text})
    dialogue = dialogue.extend(position + 1, (AssistantTurn(question.text), UserTurn(answer.text)))
    kinds = (SlotKind.REQUEST, SlotKind.QUESTION, SlotKind.ANSWER)
    slots = tuple(
        Slot(kind=kind, coarse=phrase, sub_task=index) for kind, phrase in zip(kinds, words, strict=True)
    )
    return replace(
        draft,
        dialogue=dialogue,
        slots=(*draft.slots[:position], *slots, *draft.slots[position + 1 :]),
        injections=(
            *draft.injections,
            Injection(kind=Clarification.name, sub_task=index, detail=f"left out {parameter}"),
        ),
    )
