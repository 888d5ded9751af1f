"""What was said and observed before a turn, kept so that a value can be looked up quickly."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple

from toolace_mt.provenance.numbers import numbers_in
from toolace_mt.provenance.observed import Results
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.provenance.words import compact, normalised
from toolace_mt.transcript import Message

__all__ = ["Evidence", "Said"]

_JOINED_WORDS = 6
_KINDS = {"user": SourceKind.USER, "system": SourceKind.SYSTEM, "assistant": SourceKind.ASSISTANT}


class Said(NamedTuple):
    """One text and its speaker; an observation's text is its strings, one per line."""

    kind: SourceKind
    turn: int
    text: str

    def source(self, how: str, *, certain: bool = True) -> Source:
        return Source(kind=self.kind, how=how, turn=self.turn, certain=certain)


@dataclass(slots=True)
class Evidence:
    """Grows message by message.  A lookup asks the user's words first, then the results, then the system
    prompt; what only the assistant said comes last.  Within each the earliest counts."""

    users: list[Said] = field(default_factory=list)
    systems: list[Said] = field(default_factory=list)
    assistants: list[Said] = field(default_factory=list)
    _results: Results = field(default_factory=Results)
    _unheard: list[Said] = field(default_factory=list)
    _told: list[Said] | None = None
    _outside: list[Said] | None = None

    def add(self, turn: int, message: Message) -> None:
        """Take in a message; what the assistant says counts once a user has had the chance to object."""
        self._outside = None
        if message.role == "tool":
            self._results.add(turn, message.value)
            self._told = None
            return
        if not message.text:
            return
        said = Said(_KINDS[message.role], turn, message.text)
        if message.role == "assistant":
            self._unheard.append(said)
        elif message.role == "system":
            self.systems.append(said)
        else:
            self.users.append(said)
            self.assistants.extend(self._unheard)
            self._unheard.clear()

    @property
    def results(self) -> list[Said]:
        """The texts inside the results."""
        if self._told is None:
            self._told = [
                Said(kind=SourceKind.OBSERVATION, turn=turn, text=text)
                for turn, text in self._results.texts()
            ]
        return self._told

    @property
    def outside(self) -> list[Said]:
        """All that did not come from the assistant, in the order in which sources are preferred."""
        if self._outside is None:
            told = sorted((*self.users, *self.results), key=lambda said: said.turn)
            self._outside = [*told, *self.systems]
        return self._outside

    def find_user_words(self, value: str) -> Source | None:
        """Find the string as whole words of a user's text."""
        needle = normalised(value)
        user = None if needle.isspace() else _saying(self.users, needle)
        return None if user is None else user.source("words")

    def find_result(self, value: str) -> Source | None:
        """Find the string as a whole leaf or key of a result."""
        return self._results.find_string(value)

    def find_words(self, value: str) -> Source | None:
        """Find the string's words in a row inside a longer result text or the system prompt, or written with
        other separators anywhere."""
        needle = normalised(value)
        if needle.isspace():
            return None
        said = _saying(self.results, needle) or _saying(self.systems, needle)
        if said is not None:
            return said.source("words")
        squeezed = compact(value)
        for text in self.outside:
            if _squeezed_in(squeezed, text.text):
                return text.source("punctuation")
        return None

    def find_assistant_words(self, value: str) -> Source | None:
        """Find the string in what the assistant said and the user did not object to."""
        needle = normalised(value)
        said = None if needle.isspace() else _saying(self.assistants, needle)
        return None if said is None else said.source("words", certain=False)

    def find_user_number(self, number: float) -> Source | None:
        """Find the number in a user's text, in digits or words."""
        user = next((said for said in self.users if number in numbers_in(said.text)), None)
        return None if user is None else user.source("number")

    def find_number(self, number: float) -> Source | None:
        """Find the number in a user's text, as a leaf of a result, or in a result's or the system's text."""
        told = self.find_user_number(number) or self._results.find_number(number)
        if told is not None:
            return told
        texts = (said for said in (*self.results, *self.systems) if number in numbers_in(said.text))
        found = next(texts, None)
        return None if found is None else found.source("number")

    def numbers(self, limit: int) -> dict[float, int]:
        """Give up to ``limit`` earlier numbers with their turns, the user's and the newest results' first."""
        known = {
            number: said.turn for said in self.users for number in nsmallest(limit, numbers_in(said.text))
        }
        for number, turn in islice(self._results.newest_numbers(), limit):
            known.setdefault(number, turn)
        return dict(islice(known.items(), limit))


def _saying(texts: list[Said], needle: str) -> Said | None:
    for said in texts:
        heard = normalised(said.text)
        if needle in heard:
            return said
        if not needle.isascii() and needle.strip() in heard:
            return said  # scripts that put no blanks between words
    return None


def _squeezed_in(squeezed: str, text: str) -> bool:
    """Tell whether neighbouring words of the text, written together, are the squeezed string."""
    if len(squeezed) < 3 or squeezed not in compact(text):
        return False
    words = normalised(text).split()
    for start, word in enumerate(words):
        joined = word
        for following in words[start + 1 : start + _JOINED_WORDS]:
            if joined == squeezed or not squeezed.startswith(joined):
                break
            joined += following
        if joined == squeezed:
            return True
    return False
