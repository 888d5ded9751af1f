"""Which of two wordings of a turn is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import orjson

from engine import ChatRequest, RefusedRequest, ReplySchema
from toolace_mt.asking import Ask
from toolace_mt.chance import derived_seed
from toolace_mt.dialogue import AssistantTurn, MaskedTurn, Turn, UserTurn
from toolace_mt.known_good import good_verdict
from toolace_mt.prompts import comparison
from toolace_mt.words.tokens import similarity

__all__ = ["Contest", "Judge", "ModelJudge", "RuleJudge"]

_ALIKE = 0.6
_TURNS_SHOWN = 6
_VERDICT: Final = ReplySchema(
    {
        "type": "object",
        "properties": {"better": {"type": "string", "enum": ["A", "B"]}},
        "required": ["better"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """An old and a new wording of one turn.  The new one has already passed every rule.

    ``said_before`` are the texts of the same speaker elsewhere in the dialogue.
    """

    speaker: Literal["user", "assistant"]
    before: tuple[Turn, ...]
    old: str
    new: str
    said_before: tuple[str, ...]
    seed: int


class Judge(Protocol):
    """Decides a contest; raises what asking a model raises (see ``engine.errors``)."""

    @property
    def name(self) -> str: ...

    async def prefers_new(self, contest: Contest, ask: Ask) -> bool: ...


class RuleJudge:
    """Keeps the new wording unless it makes the speaker repeat themselves more than the old one does.

    Ours, for models too small to compare texts: asked about 24 pairs, SmolLM2-135M named the same position
    in both orders for 18.
    """

    name = "rules"

    async def prefers_new(self, contest: Contest, ask: Ask) -> bool:  # noqa: ARG002  # the seam's signature
        likeness = _likeness(contest.new, contest.said_before)
        return likeness <= max(_ALIKE, _likeness(contest.old, contest.said_before))


class ModelJudge:
    """Asks the model blind and in both orders; the new wording wins only if it wins both."""

    name = "model"

    async def prefers_new(self, contest: Contest, ask: Ask) -> bool:
        before = _shown(contest.before)
        return await self._wins(contest, before, ask, new_first=True) and await self._wins(
            contest, before, ask, new_first=False
        )

    async def _wins(self, contest: Contest, before: str, ask: Ask, *, new_first: bool) -> bool:
        first, second = (contest.new, contest.old) if new_first else (contest.old, contest.new)
        messages = comparison().messages(before=before, speaker=contest.speaker, first=first, second=second)
        request = ChatRequest(
            purpose="judge",
            messages=messages,
            max_tokens=16,
            seed=derived_seed(contest.seed, "judge", int(new_first)),
            schema=_VERDICT,
            expected=good_verdict("A" if new_first else "B"),
        )
        try:
            reply = await ask(request)
        except RefusedRequest:
            return False  # no verdict came of it; the old wording stays
        return _verdict(reply.text) == ("A" if new_first else "B")


def _likeness(text: str, others: Sequence[str]) -> float:
    return max((similarity(text, other) for other in others), default=0.0)


def _verdict(text: str) -> str | None:
    try:
        answer = orjson.loads(text)
    except ValueError:
        return None
    return str(answer.get("better")) if isinstance(answer, dict) else None


def _shown(turns: Sequence[Turn]) -> str:
    lines = []
    for turn in turns[-_TURNS_SHOWN:]:
        match turn:
            case UserTurn(text):
                lines.append(f"user: {text}")
            case AssistantTurn(text):
                lines.append(f"assistant: {text}")
            case MaskedTurn(speaker):
                lines.append(f"{speaker}: ...")
            case _:
                lines.append("(tools are used)")
    return "\n".join(lines) or "(none)"
