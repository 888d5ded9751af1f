"""Stage 2b, reasonability refinement: mask several turns, fill them all at once, keep what is better.

After the paper (arXiv 2508.12685, section 3.2).  Where it is silent the choices are ours: about a quarter of
the turns of words, one to four, never two that follow each other; a turn's weight halves with each pick.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from engine import ChatRequest, RefusedRequest
from toolace_mt.asking import Ask
from toolace_mt.chance import derived_seed, source_of_chance
from toolace_mt.dialogue import UserTurn
from toolace_mt.draft import Draft, Preference, Round, Slot
from toolace_mt.prompts import rewording, voices_of
from toolace_mt.stages.judge import Contest, Judge
from toolace_mt.together import all_of
from toolace_mt.transcript import JsonObject
from toolace_mt.words.rules import FillContext, Strictness, first_breach

__all__ = ["Refiner", "drawn_mask"]

_WARM: Final = 0.6


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
class _Gap:
    position: int
    slot: Slot
    old: str
    context: FillContext
    speaker: Literal["user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fill:
    """The first wording that passed, if one did, and what was wrong with those before it."""

    position: int
    text: str | None
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refiner:
    """Fills gaps with a model's words.

    ``attempts`` bounds the requests for one gap in one round; ``strictness`` is how closely a fill must
    keep to the coarse words (small models need it close).
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
        masked = draft.dialogue.mask(positions)
        gaps = [_gap(draft, position, self.strictness) for position in positions]
        fills = await all_of([partial(self._first_passing, draft, gap, ask, label) for gap in gaps])
        kept: dict[int, str] = {}
        preferences: list[Preference] = []
        for gap, fill in zip(gaps, fills, strict=True):
            if fill.text is None or fill.text in kept.values():
                continue
            contest = Contest(
                speaker=gap.speaker,
                before=masked.turns[: gap.position],
                old=gap.old,
                new=fill.text,
                said_before=_same_speaker(draft, gap),
                seed=derived_seed(draft.seed, label, gap.position),
            )
            wins = await self.judge.prefers_new(contest, ask)
            if wins:
                kept[gap.position] = fill.text
            preferences.append(_preference(gap, contest, wins=wins, judge=self.judge.name))
        refused = tuple((fill.position, rule) for fill in fills for rule in fill.refused)
        return _with_fills(draft, gaps, kept, preferences, refused)

    async def _first_passing(self, draft: Draft, gap: _Gap, ask: Ask, label: str) -> _Fill:
        """Ask until a wording passes every rule and differs from the old one, or the attempts run out."""
        refused: list[str] = []
        for attempt in range(self.attempts):
            try:
                reply = await ask(_request(draft, gap, gap.slot.picks * self.attempts + attempt, label))
            except RefusedRequest:
                refused.append("no-reply")
                continue
            text = _text_of(reply.text)
            breach = "no-text" if text is None else first_breach(text, gap.context)
            if breach is None and text != gap.old:
                return _Fill(position=gap.position, text=text, refused=tuple(refused))
            refused.append(breach or "unchanged")
        return _Fill(position=gap.position, text=None, refused=tuple(refused))


def _gap(draft: Draft, position: int, strictness: Strictness) -> _Gap:
    slot = draft.slots[position]
    turn = draft.dialogue.turns[position]
    assert slot is not None
    speaker: Literal["user", "assistant"] = "user" if isinstance(turn, UserTurn) else "assistant"
    others = tuple(text for place, _, text in draft.spoken_turns() if place != position)
    hidden = frozenset(
        name
        for tool in draft.dialogue.tools
        for name in (tool.name, *_parameter_names(tool.parameters))
        if "_" in name or not name.islower()
    )
    context = FillContext(
        slot=slot, speaker=speaker, hidden_names=hidden, others=others, strictness=strictness
    )
    old = next(text for place, _, text in draft.spoken_turns() if place == position)
    return _Gap(position=position, slot=slot, old=old, context=context, speaker=speaker)


def _parameter_names(parameters: Mapping[str, object] | None) -> tuple[str, ...]:
    properties = (parameters or {}).get("properties")
    return tuple(properties) if isinstance(properties, Mapping) else ()


def _same_speaker(draft: Draft, gap: _Gap) -> tuple[str, ...]:
    kind = type(draft.dialogue.turns[gap.position])
    return tuple(
        text
        for place, _, text in draft.spoken_turns()
        if place != gap.position and type(draft.dialogue.turns[place]) is kind
    )


def _request(draft: Draft, gap: _Gap, attempt: int, label: str) -> ChatRequest:
    """Word the ``attempt``-th request for a turn, counted over all its rounds.

    A dialogue keeps one voice for each speaker.  When that does not do, the other voices are borrowed one
    after the other, and then all are tried again, warmer.
    """
    kind = gap.slot.kind
    voices = voices_of(kind)
    own = derived_seed(draft.seed, "voice", gap.speaker) % len(voices)
    voice = voices[(own + attempt) % len(voices)]
    return ChatRequest(
        purpose=f"refine.{kind}",
        messages=rewording(kind, voice).messages(gap.slot.coarse.text),
        max_tokens=60 + len(gap.slot.coarse.text) * 3 // 4,
        temperature=0.0 if attempt < len(voices) else _WARM,
        seed=derived_seed(draft.seed, label, gap.position, attempt),
        schema=_fill_schema(len(gap.slot.coarse.text)),
    )


def _fill_schema(length: int) -> JsonObject:
    """One text, not much longer than the coarse one; in steps of 50, so that few schemas serve all turns."""
    text: JsonObject = {"type": "string", "minLength": 1, "maxLength": (length * 8 // 5 + 99) // 50 * 50}
    return {
        "type": "object",
        "properties": {"text": text},
        "required": ["text"],
        "additionalProperties": False,
    }


def _text_of(reply: str) -> str | None:
    try:
        answer = json.loads(reply)
    except ValueError:
        return None
    text = answer.get("text") if isinstance(answer, dict) else None
    return text.strip() if isinstance(text, str) else None


def _preference(gap: _Gap, contest: Contest, *, wins: bool, judge: str) -> Preference:
    chosen, rejected = (contest.new, contest.old) if wins else (contest.old, contest.new)
    return Preference(turn=gap.position, before=contest.before, chosen=chosen, rejected=rejected, judge=judge)


def _with_fills(
    draft: Draft,
    gaps: Sequence[_Gap],
    kept: Mapping[int, str],
    preferences: Sequence[Preference],
    refused: tuple[tuple[int, str], ...],
) -> Draft:
    changed = {
        gap.position: replace(gap.slot, picks=gap.slot.picks + 1, refined=gap.position in kept)
        for gap in gaps
    }
    done = Round(masked=tuple(gap.position for gap in gaps), replaced=tuple(sorted(kept)), refused=refused)
    draft = draft.with_texts(kept).with_slots(changed)
    return replace(draft, rounds=(*draft.rounds, done), preferences=(*draft.preferences, *preferences))
