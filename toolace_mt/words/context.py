"""What a rewording is judged against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from toolace_mt.draft import SlotKind
from toolace_mt.phrases import Phrase
from toolace_mt.words.tokens import without

__all__ = ["FillContext", "Strictness"]

# How far a rewording may go: "close" keeps to the coarse turn's own words, "free" only to its facts.
Strictness = Literal["close", "free"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FillContext:
    """The turn's purpose and coarse words, and its surroundings.

    ``hidden_names`` are tool and parameter names as the code spells them; ``others`` are the texts of the
    other turns.
    """

    kind: SlotKind
    coarse: Phrase
    speaker: Literal["user", "assistant"]
    hidden_names: frozenset[str]
    others: tuple[str, ...]
    strictness: Strictness = "close"

    def without_facts(self, text: str) -> str:
        """The text with this turn's facts taken out."""
        return without(text, self.coarse.facts)
