"""What happened to dialogues, on the engine's one stream."""

from __future__ import annotations

from dataclasses import dataclass

from engine import Event

__all__ = ["DialogueEnded", "RunOpened"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOpened(Event):
    """Everything that a run needs is open.  ``isolation`` is what the sandbox's workers really have."""

    wanted: int
    model: str
    isolation: str
    out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueEnded(Event):
    """An attempt has its verdict.  ``rule`` is what rejected it; ``replayed`` means it was stored before."""

    id: str
    accepted: bool
    rule: str | None
    turns: int
    calls: int
    replayed: bool = False
