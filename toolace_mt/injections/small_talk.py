"""Non-function-calling: between two sub-tasks the user says something that needs no tool."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

from toolace_mt.dialogue import AssistantTurn, UserTurn
from toolace_mt.draft import Draft, Injection, Part, Slot, SlotKind
from toolace_mt.executing import Run
from toolace_mt.injections.base import request_position, untouched
from toolace_mt.phrases import Phrase

__all__ = ["SmallTalk"]

_SAID: Final = (
    "Thank you, that helps a lot.",
    "Good, I was a little worried about that.",
    "That was quick, thank you.",
    "Great, that is good to know.",
    "Thanks, I did not know that.",
    "Good, that is just what I wanted to know.",
    "Thank you, give me a moment to write that down.",
    "Okay, that sounds fine to me.",
)
_REPLIES: Final = (
    "You are welcome. What else can I do for you?",
    "I am glad to help. What comes next?",
    "Of course. Tell me what else you need.",
    "Good to hear. Is there anything else?",
    "Take your time. I am here to help.",
)


class SmallTalk:
    name = "non_function_calling"

    async def apply(self, draft: Draft, chance: random.Random, run: Run) -> Draft | None:  # noqa: ARG002  # the seam's signature
        for index in untouched(draft, chance):
            if index == 0:
                continue
            position = request_position(draft, index)
            words = (Phrase(chance.choice(_SAID)), Phrase(chance.choice(_REPLIES)))
            return _extended(draft, index, position, words)
        return None


def _extended(draft: Draft, index: int, position: int, words: tuple[Phrase, Phrase]) -> Draft:
    said, reply = words
    slots = (
        Slot(kind=SlotKind.CHAT, parts=(Part(SlotKind.CHAT, said),), sub_task=index - 1),
        Slot(kind=SlotKind.CHAT_REPLY, parts=(Part(SlotKind.CHAT_REPLY, reply),), sub_task=index - 1),
    )
    return replace(
        draft,
        dialogue=draft.dialogue.extend(position, (UserTurn(said.text), AssistantTurn(reply.text))),
        slots=(*draft.slots[:position], *slots, *draft.slots[position:]),
        injections=(
            *draft.injections,
            Injection(kind=SmallTalk.name, sub_task=index, detail="small talk before the sub-task"),
        ),
    )
