"""The seam of complexity injection: one kind of difficulty, put into one sub-task of a draft."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Protocol

from toolace_mt.dialogue import CallTurn, UserTurn
from toolace_mt.draft import Draft, SlotKind
from toolace_mt.executing import Run

__all__ = ["InjectionKind", "first_call", "request_position", "untouched"]


class InjectionKind(Protocol):
    """Mask-and-extend: one observation becomes observation, action, observation (arXiv 2508.12685, 3.2)."""

    @property
    def name(self) -> str: ...

    async def apply(self, draft: Draft, chance: random.Random, run: Run) -> Draft | None:
        """The draft with the injection, logged and re-executed where calls changed; None if nothing fits."""
        ...


def untouched(draft: Draft, chance: random.Random) -> Iterator[int]:
    """The sub-tasks that no injection has changed yet, in random order."""
    taken = {injection.sub_task for injection in draft.injections}
    indices = [index for index in range(len(draft.plan.sub_tasks)) if index not in taken]
    chance.shuffle(indices)
    yield from indices


def request_position(draft: Draft, sub_task: int) -> int:
    """Where the sub-task's opening message stands."""
    return next(
        position
        for position, slot in enumerate(draft.slots)
        if slot is not None and slot.sub_task == sub_task and slot.kind is SlotKind.REQUEST
    )


def first_call(draft: Draft, sub_task: int) -> int:
    """Where the sub-task's first call stands."""
    start = request_position(draft, sub_task)
    assert isinstance(draft.dialogue.turns[start], UserTurn)
    return next(
        position
        for position in range(start, len(draft.dialogue.turns))
        if isinstance(draft.dialogue.turns[position], CallTurn)
    )
