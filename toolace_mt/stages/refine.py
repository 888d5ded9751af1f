"""Stage 2b, reasonability refinement: mask several turns, fill them all at once, keep what is better.

After the paper (arXiv 2508.12685, section 3.2).  Where it is silent the choices are ours: about a quarter of
the turns of words, one to four, never two that follow each other; a turn's weight halves with each pick.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from toolace_mt.asking import Ask
from toolace_mt.chance import derived_seed, source_of_chance
from toolace_mt.dialogue import Dialogue
from toolace_mt.draft import Draft, Preference, Round
from toolace_mt.stages.fill import PATIENT, Filled, Gap, fill_gap, gaps_at
from toolace_mt.stages.judge import Contest, Judge
from toolace_mt.together import all_of
from toolace_mt.words.context import Strictness

__all__ = ["Refiner", "drawn_mask"]

_MOST_PICKS: Final = 2


def drawn_mask(draft: Draft, chance: random.Random) -> tuple[int, ...]:
    """The turns to mask next, in order; empty when every turn has been refined."""
    spoken = draft.spoken_turns()
    order = {position: place for place, (position, _, _) in enumerate(spoken)}
    weights = {position: 0.5**slot.picks for position, slot, _ in spoken if not slot.refined}
    wanted = max(1, min(4, round(len(spoken) / 4)))
    chosen: list[int] = []
    while weights and len(chosen) < wanted:
        position = chance.choices(list(weights), list(weights.values()))[0]
        chosen.append(position)
        weights = {p: w for p, w in weights.items() if abs(order[p] - order[position]) > 1}
    return tuple(sorted(chosen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refiner:
    """Fills gaps with a model's words.

    ``attempts`` bounds the requests for one part of a gap in one round; ``strictness`` is how closely a fill
    must keep to the coarse words (small models need it close).
    """

    judge: Judge
    strictness: Strictness
    attempts: int = 3

    async def refine(self, draft: Draft, ask: Ask) -> Draft:
        """Run one round.  A gap for which no fill passes keeps its old words."""
        number = len(draft.rounds)
        positions = drawn_mask(draft, source_of_chance(draft.seed, "mask", number))
        if not positions:
            return draft
        return await self.fill(draft, positions, ask, label=f"round {number}")

    async def fill(self, draft: Draft, positions: Sequence[int], ask: Ask, *, label: str) -> Draft:
        """Mask the turns at ``positions``, ask for all fills at once, and keep the judged best of each."""
        gaps = gaps_at(draft, positions)
        fills = await all_of(
            [
                partial(fill_gap, gap, ask, strictness=self.strictness, attempts=self.attempts, label=label)
                for gap in gaps
            ],
            patient=PATIENT,
        )
        masked = draft.dialogue.mask(positions)
        kept: dict[int, tuple[str, ...]] = {}
        preferences: list[Preference] = []
        for gap, fill in zip(gaps, fills, strict=True):
            if fill.words is None or fill.words in kept.values():
                continue
            contest = _contest(masked, gap, fill.words, label)
            wins = await self.judge.prefers_new(contest, ask)
            if wins:
                kept[gap.position] = fill.words
            preferences.append(_preference(gap, contest, wins=wins, judge=self.judge.name))
        return _with_fills(draft, gaps, fills, kept, preferences)


def _contest(masked: Dialogue, gap: Gap, words: tuple[str, ...], label: str) -> Contest:
    return Contest(
        speaker=gap.speaker,
        before=masked.turns[: gap.position],
        old=gap.old,
        new=" ".join(words),
        said_before=gap.same_speaker,
        seed=derived_seed(gap.seed, label, gap.position),
    )


def _preference(gap: Gap, contest: Contest, *, wins: bool, judge: str) -> Preference:
    chosen, rejected = (contest.new, contest.old) if wins else (contest.old, contest.new)
    return Preference(turn=gap.position, before=contest.before, chosen=chosen, rejected=rejected, judge=judge)


def _with_fills(
    draft: Draft,
    gaps: Sequence[Gap],
    fills: Sequence[Filled],
    kept: Mapping[int, tuple[str, ...]],
    preferences: Sequence[Preference],
) -> Draft:
    changed = {
        gap.position: replace(
            gap.slot,
            picks=gap.slot.picks + 1,
            words=kept.get(gap.position, gap.slot.words),
            refined=gap.position in kept or gap.slot.picks + 1 >= _MOST_PICKS,
        )
        for gap in gaps
    }
    done = Round(
        masked=tuple(gap.position for gap in gaps),
        replaced=tuple(sorted(kept)),
        refused=tuple(
            (gap.position, rule) for gap, fill in zip(gaps, fills, strict=True) for rule in fill.refused
        ),
    )
    draft = draft.with_slots(changed)
    return replace(draft, rounds=(*draft.rounds, done), preferences=(*draft.preferences, *preferences))
