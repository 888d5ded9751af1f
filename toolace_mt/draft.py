"""A dialogue in the making: its seed, its plan, and everything that was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sandbox import Fault, Returned, Snapshot, Step
from toolace_mt.dialogue import (
    AssistantTurn,
    Dialogue,
    ToolResult,
    Turn,
    UserTurn,
)
from toolace_mt.phrases import Phrase, join
from toolace_mt.plan import Plan

__all__ = [
    "Draft",
    "Injection",
    "Part",
    "Preference",
    "Round",
    "Slot",
    "SlotKind",
    "result_of",
]


class SlotKind(StrEnum):
    """What a turn of words is for; each kind has a prompt of its own."""

    REQUEST = "request"
    DETAIL = "detail"
    ANSWER = "answer"
    REPORT = "report"
    QUESTION = "question"
    FAILURE = "failure"
    CHAT = "chat"
    CHAT_REPLY = "chat_reply"


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence or two of a turn that can be reworded by themselves."""

    kind: SlotKind
    coarse: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A turn of words: what it is for, the sub-task it belongs to, what it has to say in plain words, and the
    words of each part as they are now (None: still the plain ones)."""

    kind: SlotKind
    parts: tuple[Part, ...]
    sub_task: int
    words: tuple[str, ...] | None = None
    picks: int = 0
    refined: bool = False

    @property
    def coarse(self) -> Phrase:
        return join([part.coarse for part in self.parts])

    @property
    def current(self) -> tuple[str, ...]:
        """The words of each part; together, with spaces between, they are the turn's text."""
        return self.words or tuple(part.coarse.text for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """One entry of the injection log.  ``sub_task`` may not be changed by another injection."""

    kind: str
    sub_task: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of mask-and-fill: the turns that were masked, those whose words were replaced, and for each
    refused fill its turn and the first rule that it broke."""

    masked: tuple[int, ...]
    replaced: tuple[int, ...]
    refused: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """A judged pair: two wordings of the same turn, in the dialogue as it stood then."""

    turn: int
    before: tuple[Turn, ...]
    chosen: str
    rejected: str
    judge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A dialogue with its history.

    ``slots`` stands beside ``dialogue.turns`` (None where a turn has no words); ``steps`` beside the calls
    in order, each with the world that it left, so that a change at call k re-executes only from k.
    """

    id: str
    seed: int
    pack: str
    plan: Plan
    start: Snapshot
    dialogue: Dialogue
    slots: tuple[Slot | None, ...]
    steps: tuple[Step, ...]
    injections: tuple[Injection, ...] = ()
    rounds: tuple[Round, ...] = ()
    preferences: tuple[Preference, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.slots) == len(self.dialogue.turns)
        assert len(self.steps) == len(self.dialogue.calls())

    @property
    def final_state_digest(self) -> str:
        """The digest of the world after the last call."""
        return self.steps[-1].state_digest

    def snapshot_before_call(self, index: int) -> Snapshot:
        """The world as the call of that index finds it."""
        if index == 0:
            return self.start
        snapshot = self.steps[index - 1].snapshot
        assert snapshot is not None
        return snapshot

    def with_slots(self, changed: Mapping[int, Slot]) -> Draft:
        """The draft with other slots at some turns, and the turns' texts as those slots say."""
        texts = {position: " ".join(slot.current) for position, slot in changed.items()}
        slots = tuple(changed.get(position, slot) for position, slot in enumerate(self.slots))
        return replace(self, dialogue=self.dialogue.reword(texts), slots=slots)

    def spoken_turns(self) -> tuple[tuple[int, Slot, str], ...]:
        """Every turn of words: its position, its slot and its text."""
        return tuple(
            (position, slot, turn.text)
            for position, (turn, slot) in enumerate(zip(self.dialogue.turns, self.slots, strict=True))
            if slot is not None and isinstance(turn, UserTurn | AssistantTurn)
        )


def result_of(step: Step) -> ToolResult:
    """A call's outcome as the dialogue shows it: the value, or an error object."""
    match step.outcome:
        case Returned(value):
            return ToolResult(value=value)
        case Fault(kind, code, message):
            error = {"kind": str(kind), "code": code, "message": message}
            return ToolResult(value={"error": error}, failed=True)
