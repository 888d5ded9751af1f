"""Words, stems and figures of a text, as the rules for rewordings compare them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from typing import Final

__all__ = [
    "WORD_EDGES",
    "Edges",
    "figures_of",
    "find_whole",
    "plain_stems",
    "similarity",
    "spelled_numbers",
    "stem",
    "stems",
    "without",
    "words_of",
]

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'\u2019]*")
_FIGURE: Final = re.compile(r"[$€£]?\d[\w.,:/-]*")
# What may stand before a whole word, and what after it.
Edges = tuple[re.Pattern[str], re.Pattern[str]]
WORD_EDGES: Final[Edges] = (re.compile(r"(?<!\w)"), re.compile(r"(?!\w)"))
_SPELLED: Final = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_NUMBER_OF: Final = {word: str(number) for number, word in enumerate(_SPELLED)}


# The rules ask the same of a coarse turn again and again: of each wording, in each round.
_ASKED_AGAIN: Final = 1_024


@lru_cache(maxsize=_ASKED_AGAIN)
def words_of(text: str) -> tuple[str, ...]:
    """The words in order, in small letters."""
    if text.isascii():  # nearly always, and then all at once is the same
        return tuple(_WORD.findall(text.lower()))
    return tuple(word.casefold().replace("\u2019", "'") for word in _WORD.findall(text))


@lru_cache(maxsize=_ASKED_AGAIN)
def figures_of(text: str) -> frozenset[str]:
    """The numbers as wholes: "5" is not in "$12.50"."""
    return frozenset(figure.rstrip(".,:;/-") for figure in _FIGURE.findall(text.casefold()))


def spelled_numbers(text: str) -> dict[str, str]:
    """The number words from zero to twelve, each with its figure; "one" counts as an article."""
    return {word: _NUMBER_OF[word] for word in words_of(text) if word in _NUMBER_OF and word != "one"}


def find_whole(text: str, wanted: str, edges: Edges = WORD_EDGES, *, any_case: bool, start: int = 0) -> int:
    """Where ``wanted`` next stands between its edges, or -1.

    Facts are new in every dialogue: to compile an expression for each takes longer than all the rules.
    """
    before, after = edges
    if any_case:
        if not (text.isascii() and wanted.isascii()):  # letters beyond have more than two cases
            whole = re.compile(before.pattern + re.escape(wanted) + after.pattern, re.IGNORECASE)
            found = whole.search(text, start)
            return -1 if found is None else found.start()
        text, wanted = text.lower(), wanted.lower()
    place = text.find(wanted, start)
    while place >= 0 and not (before.match(text, place) and after.match(text, place + len(wanted))):
        place = text.find(wanted, place + 1)
    return place


@lru_cache(maxsize=_ASKED_AGAIN)
def without(text: str, facts: tuple[str, ...]) -> str:
    """The text with its facts taken out."""
    for fact in sorted(filter(None, facts), key=len, reverse=True):
        pieces, end = [], 0
        while (place := find_whole(text, fact, any_case=True, start=end)) >= 0:
            pieces.append(text[end:place])
            end = place + len(fact)
        text = " ".join([*pieces, text[end:]])
    return text


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Enough stemming to let "cancelled" stand for "cancel"."""
    word = word.split("'", maxsplit=1)[0]
    for ending in ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "s", "d", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word


def stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words)


@cache
def plain_stems() -> frozenset[str]:
    """The stems of ``plain_words.txt``: words that carry no facts."""
    text = resources.files(__package__).joinpath("plain_words.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return stems(word for line in lines for word in line.split()) | stems(_NUMBER_OF)


def similarity(first: str, second: str) -> float:
    """How much two texts share, 0 to 1: their common word pairs over all their word pairs."""
    a, b = (_pairs(text) for text in (first, second))
    return len(a & b) / len(a | b) if a | b else 1.0


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    words = ["", *words_of(text)]
    return frozenset(itertools.pairwise(words))
