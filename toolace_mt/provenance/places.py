"""Places and words as the hearer completes them: "Boston, MA" for Boston, "Beijing" for 北京."""

from __future__ import annotations

import re

from toolace_mt.provenance.dates import read_moments
from toolace_mt.provenance.evidence import Evidence
from toolace_mt.provenance.source import Source
from toolace_mt.provenance.spoken import Said
from toolace_mt.provenance.words import normalised

__all__ = ["derive_place", "derive_translation"]

_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PLACES = frozenset(
    ("location", "city", "cities", "area", "place", "where", "town", "to", "from", "origin", "destination",
     "address", "region", "query")
)  # fmt: skip
_COMPLETED = re.compile(r"([^,\d]{2,40}), ?(?:[A-Z]{2,3}|[A-Z][a-z]+(?: [A-Z][a-z]+){0,2})\Z")
_NAME = re.compile(r"[A-Z][a-z]+(?: [A-Z][a-z]+){1,3}\Z")
_FOREIGN = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LATIN_WORDS = re.compile(r"[A-Za-z][A-Za-z' ,.-]{1,60}\Z")


def derive_place(value: str, name: str, users: list[Said]) -> Source | None:
    """Find the town to which the value adds a state or country, or a town's initials (LA)."""
    if _PLACES.isdisjoint(part.lower() for part in _PART.findall(name)):
        return None
    completed = _COMPLETED.match(value)
    town = value if completed is None else completed[1]
    initials = "".join(word[0] for word in town.split()) if _NAME.match(town) else None
    for said in users:
        if completed is not None and normalised(town) in normalised(said.text):
            return said.source("completed place", certain=False)
        if initials is not None and re.search(rf"(?<!\w){initials}C?(?!\w)", said.text):
            return said.source("initials", certain=False)
    return None


def derive_translation(value: str, evidence: Evidence) -> Source | None:
    """Take words in Latin letters for a translation where a user writes in another script, and the other way
    round: nobody here can tell."""
    latin = _LATIN_WORDS.match(value) is not None or bool(read_moments(value))
    if not latin and not _is_foreign(value):
        return None
    others = evidence.users_that(_is_foreign if latin else _is_home)
    return others[0].source("another language", certain=False) if others else None


def _is_home(text: str) -> bool:
    return not _is_foreign(text)


def _is_foreign(text: str) -> bool:
    return not text.isascii() and _FOREIGN.search(text) is not None
