"""What was said and observed before a turn, kept so that a value can be looked up quickly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from toolace_mt.json_path import child, leaves
from toolace_mt.provenance.numbers import as_number, numbers_in
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.provenance.words import compact, normalised
from toolace_mt.transcript import JsonValue, Message

__all__ = ["Evidence", "Said"]

_JOINED_WORDS = 6
_KINDS = {"user": SourceKind.USER, "system": SourceKind.SYSTEM, "assistant": SourceKind.ASSISTANT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One text and its speaker; an observation's text is its strings, one per line."""

    kind: SourceKind
    turn: int
    text: str

    def source(self, how: str, *, certain: bool = True) -> Source:
        return Source(kind=self.kind, how=how, turn=self.turn, certain=certain)


@dataclass(slots=True)
class Evidence:
    """Grows message by message.  A lookup gives the earliest source; the user and results come before the
    system prompt, and what only the assistant said comes last."""

    users: list[Said] = field(default_factory=list)
    systems: list[Said] = field(default_factory=list)
    assistants: list[Said] = field(default_factory=list)
    _unheard: list[Said] = field(default_factory=list)
    _results: dict[int, JsonValue] = field(default_factory=dict)
    _result_texts: dict[int, Said] = field(default_factory=dict)
    _strings: dict[str, int] = field(default_factory=dict)
    _numbers: dict[float, int] = field(default_factory=dict)

    def add(self, turn: int, message: Message) -> None:
        """Take in a message; what the assistant says counts once a user has had the chance to object."""
        if message.role == "tool":
            self._results[turn] = message.value
            self._index(message.value, turn)
            return
        if not message.text:
            return
        said = Said(kind=_KINDS[message.role], turn=turn, text=message.text)
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
        """The texts inside the results so far."""
        for turn in self._results.keys() - self._result_texts.keys():
            text = "\n".join(_strings(self._results[turn]))
            self._result_texts[turn] = Said(kind=SourceKind.OBSERVATION, turn=turn, text=text)
        return [self._result_texts[turn] for turn in self._results]

    @property
    def outside(self) -> list[Said]:
        """All that did not come from the assistant, in the order in which sources are preferred."""
        return [*sorted((*self.users, *self.results), key=lambda said: said.turn), *self.systems]

    def find_string(self, value: str) -> Source | None:
        """Find the string as a whole leaf or key of a result, or as whole words of a user's text."""
        needle = normalised(value)
        user = None if needle.isspace() else _saying(self.users, needle)
        turn = self._strings.get(value.casefold())
        if turn is not None and (user is None or turn < user.turn):
            return Source(
                kind=SourceKind.OBSERVATION,
                how="value",
                turn=turn,
                path=_path_to(self._results[turn], value.casefold()),
            )
        return None if user is None else user.source("words")

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

    def find_number(self, number: float) -> Source | None:
        """Find the number as a leaf of a result or in a text, in digits or words."""
        turn = self._numbers.get(number)
        user = next((said for said in self.users if number in numbers_in(said.text)), None)
        if turn is not None and (user is None or turn < user.turn):
            return Source(
                kind=SourceKind.OBSERVATION,
                how="value",
                turn=turn,
                path=_path_to_number(self._results[turn], number),
            )
        if user is not None:
            return user.source("number")
        for said in (*self.results, *self.systems):
            if number in numbers_in(said.text):
                return said.source("number")
        return None

    def numbers(self, limit: int) -> dict[float, int]:
        """Give up to ``limit`` earlier numbers with their turns, the user's and the newest results' first."""
        found: dict[float, int] = {}
        for said in reversed(self.users):
            for number in sorted(numbers_in(said.text)):
                found.setdefault(number, said.turn)
        for number, turn in reversed(self._numbers.items()):
            if len(found) >= limit:
                break
            found.setdefault(number, turn)
        return dict(list(found.items())[:limit])

    def _index(self, value: JsonValue, turn: int) -> None:
        if isinstance(value, str):
            self._strings.setdefault(value.casefold(), turn)
            number = as_number(value)
            if number is not None:
                self._numbers.setdefault(number, turn)
        elif isinstance(value, bool) or value is None:
            return
        elif isinstance(value, (int, float)):
            number = as_number(value)
            if number is not None:
                self._numbers.setdefault(number, turn)
                self._strings.setdefault(str(value), turn)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                self._strings.setdefault(key.casefold(), turn)
                self._index(item, turn)
        else:
            for item in value:
                self._index(item, turn)


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


def _strings(value: JsonValue) -> Iterator[str]:
    return (leaf for _, leaf in leaves(value) if isinstance(leaf, str))


def _path_to(value: JsonValue, wanted: str, path: str = "$") -> str | None:
    """Give the path of the leaf (or key) whose text is ``wanted``, in lower case."""
    if isinstance(value, str):
        return path if value.casefold() == wanted else None
    if isinstance(value, Mapping):
        for key, item in value.items():
            found = _path_to(item, wanted, child(path, key))
            if found is not None:
                return found
        key_found = next((key for key in value if key.casefold() == wanted), None)
        return None if key_found is None else child(path, key_found)
    if isinstance(value, (int, float)) or value is None:
        return path if str(value) == wanted else None
    nested = (_path_to(item, wanted, child(path, index)) for index, item in enumerate(value))
    return next((found for found in nested if found is not None), None)


def _path_to_number(value: JsonValue, wanted: float) -> str | None:
    return next((path for path, leaf in leaves(value) if as_number(leaf) == wanted), None)
