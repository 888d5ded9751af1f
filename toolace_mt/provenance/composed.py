"""Identifiers that follow from what a user said: one of a range, spelled out, prefixed, a quarter."""

from __future__ import annotations

import re
from functools import lru_cache

from toolace_mt.provenance.evidence import Evidence
from toolace_mt.provenance.numbers import numbers_in
from toolace_mt.provenance.source import Source
from toolace_mt.provenance.words import compact, words_of

__all__ = ["derive_composed"]

_RANGE = re.compile(
    r"(?<!\w)#?([A-Za-z]{0,8})[-_#]?(\d{1,12})"
    r"(?:\s+(?:through|thru|to|up to|until|till|bis)\s+|\s*[-\u2013\u2014]\s*)"
    r"#?([A-Za-z]{0,8})[-_#]?(\d{1,12})(?!\w)",
    re.IGNORECASE,
)
_CODE = re.compile(r"#?([A-Za-z]{0,8})[-_#]?(\d{1,12})\Z")
_PREFIXED = re.compile(r"([A-Za-z]{2,6})[-_#]?(\d{1,12})\Z")
_QUARTER_OF_YEAR = re.compile(r"(?:Q([1-4])[-_/]?(\d{4})|(\d{4})[-_/]?Q([1-4]))\Z", re.IGNORECASE)
_QUARTERS = tuple(
    re.compile(rf"\bq{number}\b|\b(?:{words})\s+quarter\b|\bquarter\s+(?:{words})\b", re.IGNORECASE)
    for number, words in (
        (1, "first|1st|1|one"),
        (2, "second|2nd|2|two"),
        (3, "third|3rd|3|three"),
        (4, "fourth|4th|4|four"),
    )
)
_DIGIT_TEXT = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_DIGITS = {word: str(number) for number, word in enumerate(_DIGIT_TEXT.split())}
_BETWEEN = frozenset(("and", "then", "dash", "hyphen", "underscore", "dot", "slash", "space"))
_LONGEST_RANGE = 1000


def derive_composed(value: str, name: str, evidence: Evidence) -> Source | None:
    """Find an identifier whose parts a user said; how they go together is the assistant's guess, so it is
    never certain.  ``name`` is the parameter's."""
    return (
        _in_range(value, evidence)
        or _spelled_out(value, evidence)
        or _with_prefix(value, name, evidence)
        or _quarter_of_year(value, evidence)
    )


def _in_range(value: str, evidence: Evidence) -> Source | None:
    """Find ``W-1002`` in "orders W-1001 through W-1003"."""
    code = _CODE.match(value)
    if code is None:
        return None
    prefix, number = code[1].casefold(), int(code[2])
    for said in evidence.users_that(_names_a_range):
        if any(
            low <= number <= high and prefix == letters and len(code[2]) == width
            for letters, low, high, width in _ranges(said.text)
        ):
            return said.source("one of a range", certain=False)
    return None


def _names_a_range(text: str) -> bool:
    return bool(_ranges(text))


@lru_cache(maxsize=256)
def _ranges(text: str) -> tuple[tuple[str, int, int, int], ...]:
    """Give the letters, the bounds and the number of digits of each range of codes in a text."""
    return tuple(
        (found[1].casefold(), int(found[2]), int(found[4]), len(found[2]))
        for found in _RANGE.finditer(text)
        if found[3].casefold() in ("", found[1].casefold())
        and len(found[2]) == len(found[4])
        and 0 < int(found[4]) - int(found[2]) <= _LONGEST_RANGE
    )


def _spelled_out(value: str, evidence: Evidence) -> Source | None:
    """Find ``12345`` in "one two three four five", and ``ABC`` in "'A', 'B', 'C'"."""
    sought = compact(value)
    if len(sought) < 2:
        return None
    for said in evidence.users_that(_spells):
        if any(sought in run for run in _runs(said.text)):
            return said.source("spelled out", certain=False)
    return None


def _spells(text: str) -> bool:
    return bool(_runs(text))


@lru_cache(maxsize=256)
def _runs(text: str) -> tuple[str, ...]:
    """Give what the text spells: letters, digits and small numbers in words, one after the other."""
    runs: list[list[str]] = [[]]
    for word in words_of(text):
        sign = _DIGITS.get(word, word)
        if len(word) == 1 or word in _DIGITS:
            runs[-1].append(sign)
        elif word not in _BETWEEN and runs[-1]:
            runs.append([])
    return tuple("".join(run) for run in runs if len(run) > 1)


def _with_prefix(value: str, name: str, evidence: Evidence) -> Source | None:
    """Find ``ORD-1002`` in "order 1002": a number that was said, behind what its kind is called in short."""
    found = _PREFIXED.match(value)
    source = None if found is None else evidence.find_user_words(found[2])
    if found is None or source is None:
        return None
    said = next(said for said in evidence.users if said.turn == source.turn)
    kinds = {*words_of(said.text), *words_of(name.replace("_", " "))}
    if not any(_is_short_for(found[1].casefold(), word) for word in kinds):
        return None
    return said.source("prefix of its kind", certain=False)


def _is_short_for(short: str, word: str) -> bool:
    """Tell whether the word begins alike and holds all the letters in this order: ``tkt`` for ticket."""
    if len(word) <= len(short) or word[0] != short[0]:
        return False
    letters = iter(word)
    return all(letter in letters for letter in short)


def _quarter_of_year(value: str, evidence: Evidence) -> Source | None:
    """Find ``Q3-2023`` in "the third quarter of 2023"."""
    found = _QUARTER_OF_YEAR.match(value)
    if found is None:
        return None
    quarter, year = int(found[1] or found[4]), float(found[2] or found[3])
    for said in evidence.users_that(_names_a_quarter):
        if _QUARTERS[quarter - 1].search(said.text) and year in numbers_in(said.text):
            return said.source("quarter of a year", certain=False)
    return None


def _names_a_quarter(text: str) -> bool:
    return any(pattern.search(text) for pattern in _QUARTERS)
