"""How many people a user speaks for: "my wife and I" are two, and of "my family" nobody here can tell."""

from __future__ import annotations

import re

from toolace_mt.provenance.source import Source
from toolace_mt.provenance.spoken import Said

__all__ = ["derive_company"]

_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_COUNTED = frozenset(
    ("guests", "people", "persons", "passengers", "party", "adults", "travelers", "travellers", "tickets",
     "seats", "attendees", "participants", "visitors", "occupancy", "pax")
)  # fmt: skip
_COMPANIONS = re.compile(
    r"\b(?:my|our|his|her)\s+(?:\w+\s+){0,2}?(?:wife|husband|spouse|partner|fianc[eé]e?|(?:boy|girl)?friends?|family"
    r"|kids?|child(?:ren)?|sons?|daughters?|parents|mom|mum|dad|mother|father|brothers?|sisters?|colleagues?"
    r"|grandparents|roommates?|team|bab(?:y|ies)|toddlers?)\b"
    r"|\b(?:me|myself)\s+and\b|\band\s+(?:I|me|myself)\b",
    re.IGNORECASE,
)
_MOST = 20


def derive_company(number: float, name: str, users: list[Said]) -> Source | None:
    """Find a user who names those that come along, if the parameter counts people."""
    if not (number.is_integer() and 1 < number <= _MOST):
        return None
    if _COUNTED.isdisjoint(part.lower() for part in _PART.findall(name)):
        return None
    told = next((said for said in users if _COMPANIONS.search(said.text)), None)
    return None if told is None else told.source("company", certain=False)
