"""Filling one gap: the requests for a masked turn, and the first wording of each part that passes the rules.

A small model rewords a sentence well and a paragraph badly, so with ``close`` strictness each part of a turn
is asked for by itself; a larger model gets the whole turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, Literal

import orjson

from engine import BudgetSpent, ChatRequest, RefusedRequest, ReplySchema, TransientError
from toolace_mt.asking import Ask
from toolace_mt.chance import derived_seed
from toolace_mt.dialogue import UserTurn
from toolace_mt.draft import Draft, Part, Slot, SlotKind
from toolace_mt.known_good import good_fill
from toolace_mt.prompts import rewording, voices_of
from toolace_mt.same import Same
from toolace_mt.together import all_of
from toolace_mt.transcript import DeclaredTool, JsonObject
from toolace_mt.words.context import FillContext, Strictness
from toolace_mt.words.rules import first_breach

__all__ = ["PATIENT", "Filled", "Gap", "fill_gap", "gaps_at"]

PATIENT: Final = (BudgetSpent, TransientError)
"""Errors of one request that let those beside it come to their end, for they are paid for."""
_WARM: Final = 0.6
_LONGEST_PART: Final = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A masked turn with all that its fill is asked for and judged by."""

    position: int
    slot: Slot
    old: str
    speaker: Literal["user", "assistant"]
    same_speaker: tuple[str, ...]
    others: tuple[str, ...]
    hidden_names: frozenset[str]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The words of each part, None where nothing new passed; and the rule that refused each other fill."""

    words: tuple[str, ...] | None
    refused: tuple[str, ...]


def gaps_at(draft: Draft, positions: Iterable[int]) -> tuple[Gap, ...]:
    """The gaps that masking the turns at ``positions`` leaves."""
    spoken = {place: text for place, _, text in draft.spoken_turns()}
    hidden_names = _hidden_names(draft)
    return tuple(_gap(draft, position, spoken, hidden_names) for position in positions)


def _gap(draft: Draft, position: int, spoken: Mapping[int, str], hidden_names: frozenset[str]) -> Gap:
    slot = draft.slots[position]
    assert slot is not None
    kind = type(draft.dialogue.turns[position])
    others = {place: text for place, text in spoken.items() if place != position}
    return Gap(
        position=position,
        slot=slot,
        old=spoken[position],
        speaker="user" if kind is UserTurn else "assistant",
        same_speaker=tuple(
            text for place, text in others.items() if type(draft.dialogue.turns[place]) is kind
        ),
        others=tuple(others.values()),
        hidden_names=hidden_names,
        seed=draft.seed,
    )


def _hidden_names(draft: Draft) -> frozenset[str]:
    """Names of tools and parameters that are no plain words."""
    return frozenset[str]().union(*(_hidden_in(Same(tool)) for tool in draft.dialogue.tools))


@lru_cache(maxsize=2048)
def _hidden_in(key: Same[DeclaredTool]) -> frozenset[str]:
    names = (key.one.name, *_parameter_names(key.one.parameters))
    return frozenset(name for name in names if "_" in name or not name.islower())


def _parameter_names(parameters: Mapping[str, object] | None) -> tuple[str, ...]:
    properties = (parameters or {}).get("properties")
    return tuple(properties) if isinstance(properties, Mapping) else ()


async def fill_gap(gap: Gap, ask: Ask, *, strictness: Strictness, attempts: int, label: str) -> Filled:
    """Ask for all parts at once, for each until a wording passes or ``attempts`` run out."""
    slot = gap.slot
    whole = Part(slot.kind, slot.coarse)
    parts = slot.parts if strictness == "close" else (whole,)
    now = slot.current if strictness == "close" else (" ".join(slot.current),)
    tried = await all_of(
        [
            partial(_reworded, gap, number, part, ask, strictness=strictness, attempts=attempts, label=label)
            for number, part in enumerate(parts)
            if strictness == "free" or _is_open(part, now[number])
        ],
        patient=PATIENT,
    )
    refused = [rule for one in tried for rule in one.refused]
    words = list(now)
    for one in tried:
        if one.text is not None:
            words[one.number] = one.text
    if tuple(words) == now:
        return Filled(words=None, refused=tuple(refused))
    if parts != (whole,):  # else it has passed as that one part
        breach = first_breach(" ".join(words), _context(gap, whole, strictness))
        if breach is not None:
            return Filled(words=None, refused=(*refused, f"whole turn: {breach}"))
    return Filled(words=tuple(words), refused=tuple(refused))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    number: int
    text: str | None
    refused: tuple[str, ...]


def _is_open(part: Part, now: str) -> bool:
    """Still in plain words, and neither a bare detail, nor a list, nor nearly all facts: these are left."""
    text = part.coarse.text
    told = sum(len(fact) for fact in part.coarse.facts)
    is_list = ";" in text or len(text) > _LONGEST_PART
    return now == text and part.kind is not SlotKind.DETAIL and not is_list and told < 0.75 * len(text)


async def _reworded(
    gap: Gap, number: int, part: Part, ask: Ask, *, strictness: Strictness, attempts: int, label: str
) -> _Tried:
    context = _context(gap, part, strictness)
    refused: list[str] = []
    for attempt in range(attempts):
        request = _request(gap, number, part, gap.slot.picks * attempts + attempt, label)
        try:
            reply = await ask(request)
        except RefusedRequest:
            refused.append("no-reply")
            continue
        text = _text_of(reply.text)
        breach = "no-text" if text is None else first_breach(text, context)
        if breach is None and text != part.coarse.text:
            return _Tried(number=number, text=text, refused=tuple(refused))
        refused.append(breach or "unchanged")
    return _Tried(number=number, text=None, refused=tuple(refused))


def _context(gap: Gap, part: Part, strictness: Strictness) -> FillContext:
    return FillContext(
        kind=part.kind,
        coarse=part.coarse,
        speaker=gap.speaker,
        hidden_names=gap.hidden_names,
        others=gap.others,
        strictness=strictness,
    )


def _request(gap: Gap, number: int, part: Part, attempt: int, label: str) -> ChatRequest:
    """Word the ``attempt``-th request for a part, counted over all its rounds.

    A dialogue keeps one voice for each speaker.  When that does not do, the other voices are borrowed one
    after the other, and then all are tried again, warmer.  A report's later sentences are in the
    first, plainest voice, which has no openings.
    """
    voices = voices_of(part.kind)
    if number > 0 and gap.speaker == "assistant":
        voices = voices[:1]
    own = derived_seed(gap.seed, "voice", gap.speaker)
    voice = voices[(own + attempt) % len(voices)]
    letters = len(part.coarse.text)
    longest = (letters * 8 // 5 + 99) // 50 * 50  # in steps, so that few schemas serve all turns
    seed = derived_seed(gap.seed, label, gap.position, number, attempt)
    return ChatRequest(
        purpose=f"refine.{part.kind}",
        messages=rewording(part.kind, voice).messages(part.coarse.text),
        max_tokens=60 + letters * 3 // 4,
        temperature=0.0 if attempt < len(voices) else _WARM,
        seed=seed,
        schema=_fill_schema(longest),
        expected=good_fill(part.coarse.text, seed),
    )


@lru_cache(maxsize=64)
def _fill_schema(longest: int) -> ReplySchema:
    """One text, not much longer than the coarse one."""
    text: JsonObject = {"type": "string", "minLength": 1, "maxLength": longest}
    return ReplySchema(
        {
            "type": "object",
            "properties": {"text": text},
            "required": ["text"],
            "additionalProperties": False,
        }
    )


def _text_of(reply: str) -> str | None:
    try:
        answer = orjson.loads(reply)
    except ValueError:
        return None
    text = answer.get("text") if isinstance(answer, dict) else None
    return text.strip() if isinstance(text, str) else None
