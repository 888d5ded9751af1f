"""Rules of meaning: a rewording says all that the coarse turn says, and nothing else."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from toolace_mt.words.context import FillContext
from toolace_mt.words.tokens import (
    figures_of,
    find_whole,
    plain_stems,
    spelled_numbers,
    stem,
    stems,
    words_of,
)

__all__ = [
    "adds_no_content",
    "adds_no_figures",
    "keeps_content",
    "keeps_facts",
    "keeps_polarity",
]

_NEGATION: Final = re.compile(
    r"\b(?:not|no|never|none|nothing|cannot|without|unable|unfortunately)\b|n['\u2019]t\b", re.IGNORECASE
)
_SORRY: Final = re.compile(r"\b(?:sorry|apolog\w+|mistake|wrong|mixed that up)\b", re.IGNORECASE)
_PLAIN_WORDS: Final = re.compile(r"[A-Za-z ]+")
# The dot and the comma of "12.50" and "1,200" belong to a fact, those that end a sentence do not.
_FACT_EDGES: Final = (re.compile(r"(?<![\w./])"), re.compile(r"(?![\w/]|[.,]\w)"))
_SEEING: Final = ("look", "check", "see", "find", "show", "view", "tell", "get", "know", "compare", "search")


def keeps_facts(text: str, context: FillContext) -> bool:
    """Every fact stands in it, as often as in the coarse turn and no oftener."""
    rest = text
    # Longer facts first, so that "3" is not taken from inside "W3021".
    for fact in sorted(context.coarse.facts, key=len, reverse=True):
        wanted = fact.rstrip(".!?")
        place = find_whole(rest, wanted, _FACT_EDGES, any_case=_PLAIN_WORDS.fullmatch(fact) is not None)
        if place < 0:
            return False
        rest = rest[:place] + " " + rest[place + len(wanted) :]
    coarse, said = context.coarse.text.casefold(), text.casefold()
    facts = [fact.casefold() for fact in context.coarse.facts]
    return all(said.count(fact) <= coarse.count(fact) for fact in facts)


def adds_no_figures(text: str, context: FillContext) -> bool:
    """Every number in it, in figures or in words, is in the coarse turn."""
    known = context.coarse.text.casefold()
    return figures_of(text) <= figures_of(known) and all(
        re.search(rf"\b{figure}\b", known) or word in known for word, figure in spelled_numbers(text).items()
    )


def adds_no_content(text: str, context: FillContext) -> bool:
    """Every word that carries meaning is the coarse turn's own."""
    known = stems(words_of(context.without_facts(context.coarse.text))) | plain_stems()
    return all(stem(word) in known for word in words_of(context.without_facts(text)))


def keeps_content(text: str, context: FillContext) -> bool:
    """Three quarters of the coarse turn's own words are in it, and so is its verb of looking."""
    source = stems(words_of(context.without_facts(context.coarse.text)))
    meant = source - plain_stems()
    said = stems(words_of(text))
    if source & _seeing_stems() and not said & _seeing_stems():
        return False  # "look at an order" is not "have an order"
    return len(meant & said) >= 0.75 * len(meant)


@cache
def _seeing_stems() -> frozenset[str]:
    return stems(_SEEING)


def keeps_polarity(text: str, context: FillContext) -> bool:
    """It denies what the coarse turn denies, and a user is sorry only where they have been wrong."""
    coarse = context.coarse.text
    if context.speaker == "user" and bool(_SORRY.search(text)) != bool(_SORRY.search(coarse)):
        return False
    return bool(_NEGATION.search(text)) == bool(_NEGATION.search(coarse))
