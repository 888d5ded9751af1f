"""Amounts of money as people tell them, how exactly, and what they may have computed them from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import combinations
from typing import NamedTuple

from toolace_mt.checks.heard import Numbers

__all__ = ["Money", "money_in", "unexplained"]

_SCALES = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mm": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9,
    "billion": 1e9, "t": 1e12, "tn": 1e12, "trillion": 1e12, "lakh": 1e5, "crore": 1e7,
}  # fmt: skip
_SCALE = r"(?:(k|mn|mm|m|bn|b|tn|t)\b|[\s-](thousand|million|billion|trillion|lakh|crore)\b)?"
_MONEY = re.compile(
    rf"[$€£¥₹]\s?(\d[\d,]*(?:\.\d+)?)(?![\d,.]*\d)(?i:{_SCALE})"
    rf"|(?<![\w.,/-])(\d[\d,]*\.\d\d)(?![\w.]|,\d|\s?%)(?i:{_SCALE})"
)
_ROUGHLY = re.compile(
    r"(?:\b(?:about|around|approximately|approx\.?|roughly|nearly|almost|over|under|close to|more than"
    r"|less than|up to|some)|[~≈])\s*\Z",
    re.IGNORECASE,
)
_ROUGHLY_WITHIN = 20
_USUAL = frozenset((7.0, 12.0, 52.0))
"""How many days, months and weeks prices are multiplied by."""
_MOST_YEARS, _MOST_SHARES = 40, 366
_NUMBERS_TRIED = 60
"""With more numbers than these, some sum of them gives almost any number."""


class Money(NamedTuple):
    """An amount, and how far from it the exact one may lie: nought where it is told to the last digit."""

    text: str
    amount: float
    written: float
    """Its digits without the word for thousands or millions."""
    leeway: float


def money_in(text: str) -> list[Money]:
    """Give the amounts of money that a text tells."""
    found = {match[0]: _read(match, text) for match in _MONEY.finditer(text)}
    return list(found.values())


def _read(match: re.Match[str], text: str) -> Money:
    digits = (match[1] or match[4]).replace(",", "")
    written = float(digits)
    scale = _SCALES.get((match[2] or match[3] or match[5] or match[6] or "").lower(), 1.0)
    _, _, decimals = digits.partition(".")
    step = scale / 10 ** len(decimals)
    is_rough = _ROUGHLY.search(text[max(0, match.start() - _ROUGHLY_WITHIN) : match.start()]) is not None
    if is_rough and not decimals:
        step *= 10 ** (len(digits) - len(digits.rstrip("0")))
    is_exact = scale == 1 and len(decimals) <= 2
    leeway = step if is_rough else 0.0 if is_exact else step / 2
    return Money(match[0], written * scale, written, leeway)


def unexplained(money: Iterable[Money], told: Iterable[float], heard: Numbers) -> Iterator[str]:
    """Give the amounts that neither stand among what was heard, nor are rounded or computed from it.

    ``told`` are all numbers of the text in which the amounts stand.
    """
    money = list(money)
    left = [one for one in money if not heard.has(one.amount)]
    if not left or len(heard.said) > _NUMBERS_TRIED:
        return
    left = [one for one in left if not _is_rounded(one, heard.said)]
    amounts = {one.amount for one in left}
    known = {*heard.said, *heard.totals, *(set(told) - amounts - {one.written for one in left})}
    known.add(sum({one.amount for one in money} - amounts))
    while left and len(known) <= _NUMBERS_TRIED:
        computed = _computed(known) | heard.aggregates
        explained = {one.amount for one in left if computed & {one.amount, round(100 * one.amount, 2)}}
        if not explained:
            yield from (one.text for one in left)
            return
        known |= explained
        left = [one for one in left if one.amount not in explained]


def _is_rounded(told: Money, said: AbstractSet[float]) -> bool:
    leeway = told.leeway * (1 + 1e-9)
    return told.leeway > 0 and any(abs(number - told.amount) <= leeway for number in said)


def _computed(known: AbstractSet[float]) -> set[float]:
    """Sums, differences, products and shares of two numbers, to the cent."""
    found: set[float] = set()
    for one, other in combinations(known, 2):
        found |= {round(one + other, 2), round(abs(one - other), 2)}
    for share in known | _USUAL:
        if 0 < share <= 100:
            found |= {round(one * share, 2) for one in known}
            for rate in {share / 100, share if share < 1 else share / 100}:
                found |= {round(one * factor, 2) for one in known for factor in (rate, 1 + rate, 1 - rate)}
        if 1 < share <= _MOST_SHARES and share == int(share):
            found |= {round(one / share, 2) for one in known}
        if 1 < share <= _MOST_YEARS and share == int(share):
            found |= {round(12 * share * one, 2) for one in known}
    return found
