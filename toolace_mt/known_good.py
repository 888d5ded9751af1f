"""Answers known to be good, for a simulated model: they travel beside a request, never in its prompt."""

from __future__ import annotations

import json
from typing import Final, Literal

__all__ = ["good_fill", "good_verdict"]

# Each is a word that the rules let anybody begin a sentence with.
_OPENERS: Final = ("Okay", "So", "Well", "Good", "Fine", "Sure")


def good_fill(coarse: str, seed: int) -> str:
    """A rewording that keeps every rule, another one for most seeds: the coarse words after one more."""
    return json.dumps({"text": f"{_OPENERS[seed % len(_OPENERS)]}, {coarse}"}, ensure_ascii=False)


def good_verdict(better: Literal["A", "B"]) -> str:
    """The verdict for the new wording: it has passed every rule."""
    return json.dumps({"better": better})
