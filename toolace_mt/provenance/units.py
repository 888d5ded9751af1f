"""Numbers in other units than they were said in: miles for kilometres, the past hour in seconds."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from toolace_mt.provenance.evidence import Evidence
from toolace_mt.provenance.numbers import numbers_in
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.provenance.spoken import Said
from toolace_mt.provenance.words import letter_runs

__all__ = ["derive_unit", "units_in"]

_ONE_UNIT = re.compile(
    r"\b(?:an?|past|last|next|per|this|one|every) (?:second|minute|hour|day|week|month|year)\b", re.IGNORECASE
)
_LENGTHS = frozenset((60.0, 3600.0, 24.0, 1440.0, 86_400.0, 7.0, 168.0, 604_800.0, 12.0))
"""One unit of time in smaller ones: a minute, an hour, a day, a week, a year."""
_CONVERSIONS = tuple(
    (factor, frozenset(words.split("|")), re.compile(rf"(?:\b|(?<=\d))(?:{words})\b", re.IGNORECASE))
    for factor, words in (
        (1.609344, "mile|miles|mph|km|kmh|kph|kilometer|kilometre|kilometers|kilometres"),
        (0.45359237, "pound|pounds|lb|lbs|kg|kgs|kilo|kilos|kilogram|kilograms"),
        (2.54, "inch|inches|cm|centimeter|centimetre|centimeters|centimetres"),
        (0.3048, "feet|foot|ft|m|meter|metre|meters|metres"),
        (3.785411784, "gallon|gallons|l|liter|litre|liters|litres"),
    )
)
_DEGREE_WORDS = frozenset(("degree", "degrees", "fahrenheit", "celsius"))
_DEGREES = re.compile(rf"°|\b(?:{'|'.join(sorted(_DEGREE_WORDS))})\b", re.IGNORECASE)
_WITHIN = 0.006
"""People round; a hundred and sixty pounds are 72.6 kilograms, or 73."""


def derive_unit(number: float, evidence: Evidence) -> Source | None:
    """Find the number in other units of time, length, weight, volume or temperature that a user speaks of."""
    timed = evidence.users_that(_names_a_length) if number in _LENGTHS else ()
    for said in timed:
        return Source(kind=SourceKind.DERIVED, how="unit of time", turn=said.turn)
    measured = evidence.users_that(_measures)
    return next((said.source("units", certain=False) for said in measured if _converts(number, said)), None)


def _names_a_length(text: str) -> bool:
    return _ONE_UNIT.search(text) is not None


def _measures(text: str) -> bool:
    return any(units_in(text))


class Units(NamedTuple):
    """What a text measures in: factors between units, and whether it speaks of degrees."""

    factors: tuple[float, ...]
    degrees: bool


@lru_cache(maxsize=2048)
def units_in(text: str) -> Units:
    """Give the units of which the text speaks."""
    runs = letter_runs(text) if text.isascii() else None
    factors = tuple(
        factor
        for factor, words, pattern in _CONVERSIONS
        if (runs is None or not runs.isdisjoint(words)) and pattern.search(text)
    )
    degrees = (runs is None or not runs.isdisjoint(_DEGREE_WORDS)) and _DEGREES.search(text) is not None
    return Units(factors, degrees)


def _converts(number: float, said: Said) -> bool:
    units = units_in(said.text)
    known = numbers_in(said.text)
    others = [other for one in known for factor in units.factors for other in (one * factor, one / factor)]
    if units.degrees:
        others += [other for one in known for other in (one * 1.8 + 32, (one - 32) / 1.8)]
    return any(abs(number - other) <= _WITHIN * abs(other) for other in others)
