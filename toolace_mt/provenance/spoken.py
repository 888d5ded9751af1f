"""Texts in the order in which they were said, and which of them is the first to hold words or a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

from toolace_mt.provenance.numbers import numbers_in
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.provenance.words import normalised, stems_of

__all__ = ["NUMBERS_PER_TEXT", "Said", "Spoken"]

NUMBERS_PER_TEXT = 48
"""So many numbers of each text, the smallest, are tried as parts of sums."""
_FEW = 32
_JOINED_WORDS = 6


class Said(NamedTuple):
    """One text and its speaker; an observation's text is its strings, one per line."""

    kind: SourceKind
    turn: int
    text: str

    def source(self, how: str, *, certain: bool = True) -> Source:
        return Source(kind=self.kind, how=how, turn=self.turn, certain=certain)


class Spoken:
    """The texts of one kind of speaker.  Each is taken apart once, and not before somebody asks.

    Few texts are gone through; of many, only those that hold the rarest of the words, so that a dialogue of
    any length costs as much a turn as a short one.
    """

    __slots__ = (
        "_heard", "_joined", "_numbered", "_numbers", "_passed", "_posted", "_postings", "_small", "_stemmed",
        "_stems", "_weighed", "texts",
    )  # fmt: skip

    def __init__(self) -> None:
        self.texts: list[Said] = []
        self._heard: list[str] = []
        self._joined: list[str] = []
        self._postings: dict[str, list[int]] = {}
        self._numbers: dict[float, Said] = {}
        self._small: dict[float, int] = {}
        self._passed: dict[Callable[[str], bool], tuple[list[Said], int]] = {}
        self._stems: dict[str, Said] = {}
        self._posted = self._numbered = self._weighed = self._stemmed = 0

    def add(self, said: Said) -> None:
        self.texts.append(said)

    def saying(self, needle: str) -> Said | None:
        """Find the first text in which these normalised words stand in a row."""
        texts, heard = self.texts, self._heard
        if len(heard) < len(texts):
            heard = self._all_heard()
        bare = needle if needle.isascii() else needle.strip()  # scripts that put no blanks between words
        for position in range(len(texts)) if len(texts) <= _FEW else self._holding(needle):
            if bare in heard[position]:
                return texts[position]
        return None

    def with_words(self, words: Sequence[str]) -> Said | None:
        """Find the first text that has all of these words, wherever they stand."""
        heard = self._all_heard()
        many = len(heard) > _FEW
        rarest = min((self._all_postings().get(word, []) for word in words), key=len) if many else ()
        for position in rarest if many else range(len(heard)):
            if all(f" {word} " in heard[position] for word in words):
                return self.texts[position]
        return None

    def squeezing(self, squeezed: str) -> Said | None:
        """Find the first text of which neighbouring words, written together, are the string."""
        if not self.texts:
            return None
        heard, joined = self._all_heard(), self._joined
        if len(joined) < len(heard):
            joined.extend([one.replace(" ", "") for one in heard[len(joined) :]])
        for position in range(len(joined)) if len(joined) <= _FEW else self._framing(squeezed):
            if squeezed in joined[position] and _squeezed_in(squeezed, heard[position]):
                return self.texts[position]
        return None

    def that(self, test: Callable[[str], bool]) -> list[Said]:
        """Give the texts that pass a test (a function of the module's own: what it said is remembered)."""
        passed, tested = self._passed.get(test, ([], 0))
        if tested < len(self.texts):
            passed.extend(said for said in self.texts[tested:] if test(said.text))
            self._passed[test] = passed, len(self.texts)
        return passed

    def numbers(self) -> Mapping[float, Said]:
        """Give each number that a text can be read to hold, with the first such text."""
        if self._numbered < len(self.texts):
            for said in self.texts[self._numbered :]:
                for number in numbers_in(said.text):
                    self._numbers.setdefault(number, said)
            self._numbered = len(self.texts)
        return self._numbers

    def small_numbers(self) -> Mapping[float, int]:
        """Give numbers with the turns in which they were said last, in the order in which they came up."""
        for said in self.texts[self._weighed :]:
            self._small.update(dict.fromkeys(nsmallest(NUMBERS_PER_TEXT, numbers_in(said.text)), said.turn))
        self._weighed = len(self.texts)
        return self._small

    def stems(self) -> Mapping[str, Said]:
        """Give the stem of each word with the first text that has one of this stem."""
        if self._stemmed < len(self.texts):
            for said in self.texts[self._stemmed :]:
                for stem in stems_of(said.text):
                    self._stems.setdefault(stem, said)
            self._stemmed = len(self.texts)
        return self._stems

    def _all_heard(self) -> list[str]:
        heard = self._heard
        if len(heard) < len(self.texts):
            heard.extend([normalised(said.text) for said in self.texts[len(heard) :]])
        return heard

    def _holding(self, needle: str) -> list[int]:
        """Give the places of the texts that hold the rarest part of the words."""
        postings = self._all_postings()
        parts = needle.split() if needle.isascii() else [sign for sign in needle if not sign.isascii()]
        return min((postings.get(part, []) for part in parts), key=len)

    def _framing(self, squeezed: str) -> list[int]:
        """Give the places of the texts with a word that begins the string, or those with one that ends it:
        neighbouring words that make it up are such words, so the fewer will do."""
        postings = self._all_postings()
        ends = range(1, len(squeezed) + 1)
        beginning = [postings[part] for end in ends if (part := squeezed[:end]) in postings]
        ending = [postings[part] for end in ends if (part := squeezed[-end:]) in postings]
        fewer = min(beginning, ending, key=lambda found: sum(map(len, found)))
        return sorted({position for found in fewer for position in found})

    def _all_postings(self) -> Mapping[str, list[int]]:
        for position in range(self._posted, len(self._heard)):
            for part in _words_and_signs(self._heard[position]):
                self._postings.setdefault(part, []).append(position)
        self._posted = len(self._heard)
        return self._postings


def _words_and_signs(normal: str) -> set[str]:
    return {*normal.split(), *(sign for sign in normal if not sign.isascii())}


def _squeezed_in(squeezed: str, normal: str) -> bool:
    """Tell whether neighbouring words, written together, are the squeezed string."""
    words = normal.split()
    for start, word in enumerate(words):
        joined = word
        for following in words[start + 1 : start + _JOINED_WORDS]:
            if joined == squeezed or not squeezed.startswith(joined):
                break
            joined += following
        if joined == squeezed:
            return True
    return False
