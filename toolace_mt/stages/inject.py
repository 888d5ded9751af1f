"""Stage 2a, complexity injection: one to three kinds of difficulty, each in a sub-task of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence

from toolace_mt.draft import Draft
from toolace_mt.executing import Run
from toolace_mt.injections import INJECTIONS

__all__ = ["drawn_kinds", "inject"]


def drawn_kinds(allowed: Sequence[str], chance: random.Random) -> tuple[str, ...]:
    """One to three different kinds, in the order in which they are to be tried."""
    return tuple(chance.sample(list(allowed), min(len(allowed), chance.randint(1, 3))))


async def inject(draft: Draft, kind: str, chance: random.Random, run: Run) -> Draft:
    """The draft with one more injection, or as it was when the kind fits nowhere."""
    return await INJECTIONS[kind].apply(draft, chance, run) or draft
