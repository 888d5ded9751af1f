"""Numbers in other units than they were said in: miles for kilometres, the past hour in seconds."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from toolace_mt.provenance.evidence import Evidence, Said
from toolace_mt.provenance.numbers import numbers_in
from toolace_mt.provenance.source import Source, SourceKind

__all__ = ["derive_unit", "units_in"]

_ONE_UNIT = re.compile(
    r"\b(?:an?|past|last|next|per|this|one|every) (?:second|minute|hour|day|week|month|year)\b", re.IGNORECASE
)
_LENGTHS = frozenset((60.0, 3600.0, 24.0, 1440.0, 86_400.0, 7.0, 168.0, 604_800.0, 12.0))
"""One unit of time in smaller ones: a minute, an hour, a day, a week, a year."""
_CONVERSIONS = tuple(
    (factor, re.compile(rf"(?:\b|(?<=\d))(?:{words})\b", re.IGNORECASE))
    for factor, words in (
        (1.609344, "miles?|mph|km/?h?|kph|kilomet(?:er|re)s?"),
        (0.45359237, "pounds?|lbs?|kgs?|kilos?|kilograms?"),
        (2.54, "inch(?:es)?|cm|centimet(?:er|re)s?"),
        (0.3048, "feet|foot|ft|m|met(?:er|re)s?"),
        (3.785411784, "gallons?|l|lit(?:er|re)s?"),
    )
)
_DEGREES = re.compile(r"°|\bdegrees?\b|\bfahrenheit\b|\bcelsius\b", re.IGNORECASE)
_WITHIN = 0.006
"""People round; a hundred and sixty pounds are 72.6 kilograms, or 73."""


def derive_unit(number: float, evidence: Evidence) -> Source | None:
    """Find the number in other units of time, length, weight, volume or temperature that a user speaks of."""
    for said in evidence.users:
        if number in _LENGTHS and _ONE_UNIT.search(said.text):
            return Source(kind=SourceKind.DERIVED, how="unit of time", turn=said.turn)
    return next(
        (said.source("units", certain=False) for said in evidence.users if _converts(number, said)), None
    )


class Units(NamedTuple):
    """What a text measures in: factors between units, and whether it speaks of degrees."""

    factors: tuple[float, ...]
    degrees: bool


@lru_cache(maxsize=2048)
def units_in(text: str) -> Units:
    """Give the units of which the text speaks."""
    factors = tuple(factor for factor, words in _CONVERSIONS if words.search(text))
    return Units(factors, _DEGREES.search(text) is not None)


def _converts(number: float, said: Said) -> bool:
    units = units_in(said.text)
    if not any(units):
        return False
    known = numbers_in(said.text)
    others = [other for one in known for factor in units.factors for other in (one * factor, one / factor)]
    if units.degrees:
        others += [other for one in known for other in (one * 1.8 + 32, (one - 32) / 1.8)]
    return any(abs(number - other) <= _WITHIN * abs(other) for other in others)
