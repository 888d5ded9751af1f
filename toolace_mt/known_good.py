"""Answers known to be good, for a simulated model: they travel beside a request, never in its prompt."""

from __future__ import annotations

import json
from functools import cache
from typing import Final, Literal

__all__ = ["good_fill", "good_verdict"]

# Each is a word that the rules let anybody begin a sentence with.
_OPENERS: Final = ("Okay", "So", "Well", "Good", "Fine", "Sure")
# ``json.dumps`` makes an encoder at each call that asks for anything unusual.
_JSON: Final = json.JSONEncoder(ensure_ascii=False)


def good_fill(coarse: str, seed: int) -> str:
    """A rewording that keeps every rule, another one for most seeds: the coarse words after one more."""
    return _JSON.encode({"text": f"{_OPENERS[seed % len(_OPENERS)]}, {coarse}"})


@cache
def good_verdict(better: Literal["A", "B"]) -> str:
    """The verdict for the new wording: it has passed every rule."""
    return json.dumps({"better": better})
