"""Numbers as people write them: digits with separators, number words, thousands and dozens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, pairwise, takewhile

from toolace_mt.provenance.number_words import foreign_numbers
from toolace_mt.provenance.words import letter_runs

__all__ = ["as_number", "numbers_in"]

_DIGITS = re.compile(  # other scripts put no blank before a number
    r"(?<![a-z0-9_.,])(?:[-+]|minus )?[$€£¥₹]?\s?"
    r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d{1,2}(?!\w))?)"
    r"(?:\s?(k|m|mn|bn|thousand|million|billion|wan|lakh|crore|dozen|percent|%|[千万萬亿億천만억])(?![a-z]))?",
    re.IGNORECASE,
)
_COMMA_INSIDE = re.compile(r"\d,[-+]?\d")
_ROW = re.compile(r"(?<![\w.,])[-+]?\d+(?:\.\d+)?(?:,[-+]?\d+(?:\.\d+)?)+(?!\w)")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_COMMA_DECIMALS = re.compile(r"(?<![\w.,])\d{1,3}(?:\.\d{3})+,\d{1,2}(?![\d.,]*\d)")
_AND_A_HALF = re.compile(r"\b([a-z]+|\d{1,3})(?: (?:hour|day|week|month|year)s?)? and a half\b")
_SCALES = {
    "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "thousand": 1e3, "million": 1e6, "billion": 1e9,
    "wan": 1e4, "lakh": 1e5, "crore": 1e7, "dozen": 12.0, "千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8,
    "億": 1e8, "천": 1e3, "만": 1e4, "억": 1e8,
}  # fmt: skip
_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth",
)  # fmt: skip
_SMALL: dict[str, float] = (
    {word: float(number) for number, word in enumerate(_UNITS)}
    | {word: 10.0 * number for number, word in enumerate(_TENS, start=2)}
)  # fmt: skip
_ALONE: dict[str, float] = {word: float(number) for number, word in enumerate(_ORDINALS, start=1)} | {
    "single": 1.0, "once": 1.0, "both": 2.0, "couple": 2.0, "pair": 2.0, "twice": 2.0, "double": 2.0,
    "half": 0.5, "triple": 3.0, "quarter": 0.25, "dozen": 12.0, "myself": 1.0, "solo": 1.0,
    "decade": 10.0, "century": 100.0, "annually": 1.0, "yearly": 1.0, "semiannually": 2.0, "quarterly": 4.0,
    "monthly": 12.0, "weekly": 52.0, "daily": 365.0,
}  # fmt: skip
_MULTIPLIERS = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "dozen": 12.0}
_DIGIT_WORDS = {word: str(number) for number, word in enumerate(_UNITS[:10])} | {"oh": "0"}
_NUMBER_WORDS = frozenset((*_SMALL, *_ALONE, *_MULTIPLIERS))
_WORD = re.compile(r"[a-z]+")
_DECADE = re.compile(r"(?<!\d)(1[89]|20)?([1-9])0['\u2019]?s\b")
_DIGIT = re.compile(r"\d")
_DIGITS_MAX = 30
_OPENING = ("[", "(", "{")


@lru_cache(maxsize=2048)
def numbers_in(text: str) -> frozenset[float]:
    """Give every number that the text can be read to hold."""
    return frozenset(chain(_from_digits(text), _from_words(text), foreign_numbers(text)))


def as_number(value: object) -> float | None:
    """Give a value's number if it is one or spells exactly one (``"1,250.00"``, ``"$5"``), else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return _float(value)
    if not isinstance(value, str) or len(value) > _DIGITS_MAX:
        return None
    match = _DIGITS.fullmatch(value.strip())
    if match is None:
        return None
    number = float(match[1].replace(",", ""))
    return -number if value.lstrip().startswith("-") else number


def _float(value: float) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _from_digits(text: str) -> Iterator[float]:
    for match in _DIGITS.finditer(text) if _DIGIT.search(text) else ():
        if len(match[1]) > _DIGITS_MAX:
            continue
        number = float(match[1].replace(",", ""))
        yield number
        if match[0].startswith("-") or match[0][:5].lower() == "minus":
            yield -number
        scale = (match[2] or "").lower()
        if scale in ("%", "percent"):
            yield number / 100
        elif scale:
            yield number * _SCALES[scale]
    if _COMMA_INSIDE.search(text):
        yield from _from_rows(text)
    for match in _DECADE.finditer(text):
        first = 100 * int(match[1] or 19) + 10 * int(match[2])
        yield from (float(first), float(first + 9))


def _from_rows(text: str) -> Iterator[float]:
    """Read 22,33,42 as three numbers; 200,300 are two of them only in brackets."""
    for match in _ROW.finditer(text):
        in_brackets = text[match.start() - 1 : match.start()] in _OPENING
        if in_brackets or _THOUSANDS.fullmatch(match[0]) is None:
            yield from (float(part) for part in match[0].split(",") if len(part) <= _DIGITS_MAX)
    for match in _COMMA_DECIMALS.finditer(text):
        yield float(match[0].replace(".", "").replace(",", "."))


def _halves(lowered: str) -> Iterator[float]:
    for match in _AND_A_HALF.finditer(lowered):
        word = match[1]
        yield 0.5 + (float(word) if word.isdecimal() else _SMALL.get(word, 1.0))


def _from_words(text: str) -> Iterator[float]:
    if _NUMBER_WORDS.isdisjoint(letter_runs(text)):
        return
    lowered = text.casefold()
    words = _WORD.findall(lowered)
    if "half" in words:
        yield from _halves(lowered)
    yield from _spoken_in_pairs(words)
    if "point" in words:
        yield from _with_a_point(words)
    total, current, open_run = 0.0, 0.0, False
    for word in (*words, "."):
        if word in _SMALL:
            value = _SMALL[word]
            yield value
            current += value
            open_run = True
        elif word in _MULTIPLIERS and (open_run or word in ("hundred", "thousand", "dozen")):
            current = max(current, 1.0) * _MULTIPLIERS[word]
            open_run = True
            if word != "hundred":
                total, current = total + current, 0.0
        elif word == "and" and open_run:
            continue
        else:
            if open_run:
                yield total + current
            total, current, open_run = 0.0, 0.0, False
        if word in _ALONE:
            yield _ALONE[word]


def _spoken_in_pairs(words: list[str]) -> Iterator[float]:
    """Read "twelve fifty" as 12.50 and as 1250, "nineteen ninety" as 1990."""
    for first, second in pairwise(words):
        if first in _SMALL and _SMALL.get(second, 0.0) >= 10:
            yield _SMALL[first] + _SMALL[second] / 100
            yield 100 * _SMALL[first] + _SMALL[second]


def _with_a_point(words: list[str]) -> Iterator[float]:
    """Read "thirteen point one" and "twenty two point oh five"."""
    for place, word in enumerate(words):
        before = words[max(0, place - 2) : place]
        digits = "".join(takewhile(bool, (_DIGIT_WORDS.get(one, "") for one in words[place + 1 :])))
        if word == "point" and digits and before and before[-1] in _SMALL:
            tens = _SMALL.get(before[0], 0.0) if len(before) > 1 and before[0] in _TENS else 0.0
            yield tens + _SMALL[before[-1]] + float(f"0.{digits}")
