"""Values that need no source in the dialogue: what everybody knows, free choices, and words of one's own.

None of these is shown to be right, so each is a source that is not certain.
"""

from __future__ import annotations

import re

from toolace_mt.json_path import Leaf
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.provenance.words import normalised
from toolace_mt.transcript import DeclaredTool, JsonObject

__all__ = ["known_or_chosen"]

_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CODE = re.compile(r"[A-Z]{1,5}(?:[./-][A-Z]{1,4})?\Z")
_SHORT_CODE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?\Z")
_CODED_TEXT = """
lang language locale country currency state region code symbol ticker iata icao airport origin destination
from to unit units src tgt timezone stock market asn
"""
_CHOSEN_TEXT = """
limit page pages size count num number max min top offset skip width height depth timeout results per length
n k step steps interval precision decimals digits delay retries samples quality batch duration threshold
temperature seed start radius zoom days
"""
_WRITTEN_TEXT = """
message body content text query command code expression question prompt html url script sql thought thoughts
answer response explanation caption keyword keywords search regex pattern
"""
_MEANT = frozenset(("price", "amount", "cost", "budget", "total", "fee", "age", "weight", "rating", "year"))
"""Numbers that a user has in mind, whatever bounds them."""
_LANGUAGES = frozenset(
    (
        "english",
        "spanish",
        "french",
        "german",
        "chinese",
        "japanese",
        "korean",
        "portuguese",
        "italian",
        "eng",
    )
)
_PLACED = frozenset(("lat", "latitude", "lon", "lng", "long", "longitude", "elevation", "altitude"))
_CODED = frozenset(_CODED_TEXT.split())
_CHOSEN = frozenset(_CHOSEN_TEXT.split())
_WRITTEN = frozenset(_WRITTEN_TEXT.split())
_CHOICE_BELOW = 10_000
_WRITTEN_WORDS, _SURELY_WRITTEN_WORDS = 3, 25


def known_or_chosen(
    value: Leaf, name: str, schema: JsonObject, tool: DeclaredTool | None, *, identifier: bool
) -> Source | None:
    """Tell whether the value may come from outside the dialogue, by the parameter's name and description."""
    parts = {part.lower() for part in _PARTS.findall(name)}
    if isinstance(value, str):
        return _text(value, parts, schema, tool, identifier=identifier)
    if not isinstance(value, (int, float)):
        return None
    if not parts.isdisjoint(_PLACED):
        return _unsure("knowledge of the world")
    if not identifier and _is_choice(parts) and 0 <= value < _CHOICE_BELOW:
        return _unsure("free choice")
    return _unsure("knowledge of the world") if "asn" in parts else None


def _text(
    value: str, parts: set[str], schema: JsonObject, tool: DeclaredTool | None, *, identifier: bool
) -> Source | None:
    if value.casefold() in _LANGUAGES:
        return _unsure("knowledge of the world")
    if not parts.isdisjoint(_CODED) and (_CODE.match(value) or _SHORT_CODE.match(value)):
        return _unsure("knowledge of the world")
    if _is_choice(parts) and value.isdecimal() and len(value) < 5:
        return _unsure("free choice")
    words = len(value.split())
    if words >= _SURELY_WRITTEN_WORDS or (words >= _WRITTEN_WORDS and not parts.isdisjoint(_WRITTEN)):
        return _unsure("own words")
    if not identifier and tool is not None and _is_described(value, schema, tool):
        return Source(kind=SourceKind.DEFAULT, how="description", certain=False)
    return None


def _is_choice(parts: set[str]) -> bool:
    return not parts.isdisjoint(_CHOSEN) and parts.isdisjoint(_MEANT)


def _is_described(value: str, schema: JsonObject, tool: DeclaredTool) -> bool:
    """An example in the description may be copied, so this is no proof."""
    needle = normalised(value)
    described = schema.get("description")
    texts = (described if isinstance(described, str) else "", tool.name.replace("_", " "), tool.description)
    return not needle.isspace() and any(needle in normalised(text) for text in texts)


def _unsure(how: str) -> Source:
    return Source(kind=SourceKind.CONSTANT, how=how, certain=False)
