"""What was said and observed before a turn, kept so that a value can be looked up quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from toolace_mt.provenance.observed import Results
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.provenance.spoken import Said, Spoken
from toolace_mt.provenance.words import compact, normalised
from toolace_mt.transcript import Message

__all__ = ["Evidence"]

_KINDS = {"user": SourceKind.USER, "system": SourceKind.SYSTEM, "assistant": SourceKind.ASSISTANT}
_SHORTEST_SQUEEZED = 3


class Evidence:
    """Grows message by message.  A lookup asks the user's words first, then the results, then the system
    prompt; what only the assistant said comes last.  Within each the earliest counts.

    ``settled`` is for whoever asks: values whose source can be no other any more.
    """

    __slots__ = ("_assistants", "_outside", "_results", "_systems", "_unheard", "_users", "settled")

    def __init__(self) -> None:
        self.settled: dict[str, Source] = {}
        self._users = Spoken()
        self._systems = Spoken()
        self._assistants = Spoken()
        self._results = Results()
        self._unheard: list[Said] = []
        self._outside: list[Said] | None = None

    def add(self, turn: int, message: Message) -> None:
        """Take in a message; what the assistant says counts once a user has had the chance to object."""
        role = message.role
        if role == "tool":
            self._outside = None
            self._results.add(turn, message.value)
            return
        if not message.text:
            return
        said = Said(_KINDS[role], turn, message.text)
        if role == "assistant":
            self._unheard.append(said)
            return
        self._outside = None
        if role == "system":
            self._systems.add(said)
            return
        self._users.add(said)
        for unopposed in self._unheard:
            self._assistants.add(unopposed)
        self._unheard.clear()

    @property
    def users(self) -> list[Said]:
        return self._users.texts

    def users_that(self, test: Callable[[str], bool]) -> list[Said]:
        """Give the users' texts that pass a test (see ``Spoken.that``)."""
        return self._users.that(test)

    @property
    def systems(self) -> list[Said]:
        return self._systems.texts

    @property
    def outside(self) -> list[Said]:
        """All that did not come from the assistant, in the order in which sources are preferred."""
        if self._outside is None:
            told = sorted((*self.users, *self._results.spoken().texts), key=lambda said: said.turn)
            self._outside = [*told, *self.systems]
        return self._outside

    def find_user_words(self, value: str) -> Source | None:
        """Find the string as whole words of a user's text."""
        needle = normalised(value)
        user = None if needle.isspace() else self._users.saying(needle)
        return None if user is None else user.source("words")

    def find_user_parts(self, words: Sequence[str]) -> Source | None:
        """Find a user's text in which all of these words stand, apart it may be."""
        user = self._users.with_words(words)
        return None if user is None else user.source("parts", certain=False)

    def find_result(self, value: str) -> Source | None:
        """Find the string as a whole leaf or key of a result."""
        return self._results.find_string(value)

    def find_words(self, value: str) -> Source | None:
        """Find the string's words in a row inside a longer result text or the system prompt, or written with
        other separators anywhere."""
        needle = normalised(value)
        if needle.isspace():
            return None
        results = self._results.spoken()
        said = results.saying(needle) or self._systems.saying(needle)
        if said is not None:
            return said.source("words")
        squeezed = compact(value)
        if len(squeezed) < _SHORTEST_SQUEEZED:
            return None
        told = _earlier(self._users.squeezing(squeezed), results.squeezing(squeezed))
        told = told or self._systems.squeezing(squeezed)
        return None if told is None else told.source("punctuation")

    def find_assistant_words(self, value: str) -> Source | None:
        """Find the string in what the assistant said and the user did not object to."""
        needle = normalised(value)
        said = None if needle.isspace() else self._assistants.saying(needle)
        return None if said is None else said.source("words", certain=False)

    def find_user_number(self, number: float) -> Source | None:
        """Find the number in a user's text, in digits or words."""
        user = self._users.numbers().get(number)
        return None if user is None else user.source("number")

    def find_number(self, number: float) -> Source | None:
        """Find the number in a user's text, as a leaf of a result, or in a result's or the system's text."""
        told = self.find_user_number(number) or self._results.find_number(number)
        if told is not None:
            return told
        found = self._results.spoken().numbers().get(number) or self._systems.numbers().get(number)
        return None if found is None else found.source("number")

    def find_stems(self, stems: Iterable[str]) -> dict[str, Said | None]:
        """Find for each stem a text with a word of it, said by anybody."""
        users, results = self._users.stems(), self._results.spoken().stems()
        systems, assistants = self._systems.stems(), self._assistants.stems()
        return {
            stem: _earlier(users.get(stem), results.get(stem)) or systems.get(stem) or assistants.get(stem)
            for stem in stems
        }

    def numbers(self, limit: int) -> dict[float, int]:
        """Give up to ``limit`` earlier numbers with their turns, the user's and the newest results' first."""
        known = dict(islice(self._users.small_numbers().items(), limit))
        if len(known) < limit:
            for number, turn in islice(self._results.newest_numbers(), limit):
                known.setdefault(number, turn)
        return dict(islice(known.items(), limit))


def _earlier(one: Said | None, other: Said | None) -> Said | None:
    if one is None or other is None:
        return one or other
    return one if one.turn < other.turn else other
