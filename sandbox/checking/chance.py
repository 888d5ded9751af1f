"""Seeded chance for drawing values, and texts that fit a regular expression."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

import hypothesis
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

__all__ = ["PatternTexts", "RandomChooser"]

TEXTS_PER_PATTERN = 24
PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)


class PatternTexts:
    """Texts that match a pattern: drawn by Hypothesis once for each, the same ones for the same seed.

    Schemas are matched by another engine than Python's, so a text may still not fit; check it.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._texts: dict[str, tuple[str, ...]] = {}

    def __call__(self, pattern: str) -> tuple[str, ...]:
        """Give the texts; none for a pattern that Python does not understand."""
        if pattern not in self._texts:
            self._texts[pattern] = tuple(dict.fromkeys(self._drawn(pattern)))
        return self._texts[pattern]

    def _drawn(self, pattern: str) -> list[str]:
        strategies = [
            strategy
            for strategy in (st.from_regex(pattern, alphabet=PRINTABLE), st.from_regex(pattern))
            if _is_usable(strategy)
        ]
        if not strategies:
            return []
        texts: list[str] = []

        @hypothesis.seed(self._seed)
        @hypothesis.settings(
            max_examples=TEXTS_PER_PATTERN,
            database=None,
            deadline=None,
            phases=(hypothesis.Phase.generate,),
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(st.one_of(strategies))
        def collect(text: str) -> None:
            texts.append(text)

        collect()
        return texts


def _is_usable(strategy: st.SearchStrategy[str]) -> bool:
    try:
        strategy.validate()
    except (re.error, InvalidArgument, OverflowError, RecursionError):
        return False
    return True


class RandomChooser:
    """Chance from a seeded generator (see ``values.Chooser``)."""

    def __init__(
        self, chance: random.Random, texts: Callable[[str], Sequence[str]] = lambda _pattern: ()
    ) -> None:
        self._chance = chance
        self._texts = texts

    def integer(self, low: int, high: int) -> int:
        """Choose an integer, both ends included."""
        return self._chance.randint(low, high)

    def matching(self, pattern: str) -> str:
        """Choose one of the texts for a pattern; without any, the pattern itself is the best guess."""
        texts = self._texts(pattern)
        return self._chance.choice(texts) if texts else pattern.strip("^$")
