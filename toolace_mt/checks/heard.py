"""What the messages before a turn say, each looked through once, however many turns ask."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Self, TypeVar

import orjson

from toolace_mt.checks.aggregates import aggregates, totals
from toolace_mt.provenance import as_number, compact, numbers_in
from toolace_mt.transcript import JsonValue, Message

__all__ = ["Amounts", "Codes", "Numbers"]

T = TypeVar("T")
_NEAR = 32
_DIGITS = re.compile(r"[0-9]+")
_NOTHING: frozenset[float] = frozenset()


class _Heard(ABC, Generic[T]):
    """What each message says, made out when somebody asks and once at most.

    Turns must be asked about in their order.  The last messages are looked at one by one, newest first, for
    what is told stands there most often; those before them go into an index that subclasses keep.
    """

    __slots__ = ("_indexed", "_messages", "_told", "_turn")

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self._messages = messages
        self._turn = 0
        self._indexed = 0
        self._told: dict[int, T] = {}

    def before(self, turn: int) -> Self:
        """Answer for the messages before a turn from now on."""
        self._turn = turn
        return self

    def _near(self) -> Iterator[T]:
        for at in range(self._turn - 1, max(self._turn - _NEAR, 0) - 1, -1):
            told = self._told.get(at)
            if told is None:
                told = self._told[at] = self._made_out(self._messages[at])
            yield told

    def _index_far(self) -> None:
        for at in range(self._indexed, self._turn - _NEAR):
            told = self._told.pop(at, None)
            self._index(self._made_out(self._messages[at]) if told is None else told)
            self._indexed = at + 1

    @abstractmethod
    def _made_out(self, message: Message) -> T:
        """What the message says, as far as this is about it."""

    @abstractmethod
    def _index(self, told: T) -> None:
        """Take what a message says into the index."""


class Amounts(_Heard[frozenset[float]]):
    """The plain numbers of results, where amounts of money stand most often; a debit may stand below zero."""

    __slots__ = ("_seen",)

    def __init__(self, messages: tuple[Message, ...]) -> None:
        super().__init__(messages)
        self._seen: set[float] = set()

    def has(self, amount: float) -> bool:
        """Tell whether a result held the amount, in its unit or in hundredths."""
        written = {amount, round(100 * amount, 6)}
        if any(not written.isdisjoint(numbers) for numbers in self._near()):
            return True
        self._index_far()
        return not written.isdisjoint(self._seen)

    def _made_out(self, message: Message) -> frozenset[float]:
        if message.role != "tool":
            return _NOTHING
        leaves = _leaves([message.value])
        return frozenset(
            abs(leaf) for leaf in leaves if isinstance(leaf, (int, float)) and not isinstance(leaf, bool)
        )

    def _index(self, told: frozenset[float]) -> None:
        self._seen |= told


class Numbers:
    """All numbers that were said, given or returned, without signs; what results of several come to.

    ``totals`` are sums over lists; ``aggregates`` are what is computed from them less often: means, sums of
    products (each price by its quantity), and sums over the members of an object, to the cent.
    """

    __slots__ = ("_messages", "_next", "_roughly", "aggregates", "said", "totals")

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self._messages = messages
        self._next = 0
        self.said: set[float] = set()
        self.totals: set[float] = set()
        self.aggregates: set[float] = set()
        self._roughly: set[float] = set()

    def before(self, turn: int) -> Self:
        """Take in the messages up to a turn, which is no earlier than the last one asked about."""
        for message in self._messages[self._next : turn]:
            self._add(message)
        self._next = turn
        return self

    def has(self, amount: float) -> bool:
        """Tell whether the amount was said: in hundredths, in thousands or rounded, it may be."""
        return (
            amount in self._roughly
            or amount in self.said
            or round(amount * 100, 6) in self.said
            or amount / 1000 in self.said
        )

    def _add(self, message: Message) -> None:
        numbers = set(map(abs, _numbers(message)))
        self.said |= numbers
        for number in filter(math.isfinite, numbers):
            self._roughly |= {round(number, 2), float(round(number))}
        self.totals.update(map(abs, totals(message.value)))
        self.aggregates.update(round(abs(number), 2) for number in aggregates(message.value))


class Codes(_Heard[str]):
    """Which of some identifiers were written before, in whatever signs: ``#W-12`` is ``w12``."""

    __slots__ = ("_codes", "_letters", "_seen", "_shapes")

    def __init__(self, messages: tuple[Message, ...], sought: Iterable[str]) -> None:
        super().__init__(messages)
        self._codes = {compact(one) for one in sought}
        self._letters = {_letters_of(code) for code in self._codes}
        self._shapes = {(len(_letters_of(code)), len(code)) for code in self._codes}
        self._seen: set[str] = set()

    def has(self, identifier: str) -> bool:
        """Tell whether one of the identifiers was written."""
        code = compact(identifier)
        if any(code in text for text in self._near()):
            return True
        self._index_far()
        return code in self._seen

    def has_alike(self, identifier: str) -> bool:
        """Tell whether something with the identifier's letters and other digits was written."""
        letters = _letters_of(compact(identifier))
        alike = re.compile(re.escape(letters) + "[0-9]{2}")
        if any(alike.search(text) for text in self._near()):
            return True
        self._index_far()
        return letters in self._seen

    def _made_out(self, message: Message) -> str:
        return compact(_words(message))

    def _index(self, told: str) -> None:
        """At each number look back for letters and ahead for digits, as many as sought identifiers have."""
        for found in _DIGITS.finditer(told):
            start, end = found.span()
            for letters, length in self._shapes:
                behind = told[max(start - letters, 0) : start]
                if end - start > 1 and behind in self._letters:
                    self._seen.add(behind)
                last = end - length if letters == 0 else start
                for at in range(start, last + 1):
                    code = told[max(at - letters, 0) : at + length - letters]
                    if code in self._codes:
                        self._seen.add(code)


def _letters_of(code: str) -> str:
    return code.rstrip("0123456789")


def _words(message: Message) -> str:
    """All that a message says, its result and the arguments of its calls as JSON text."""
    parts = [message.text or ""]
    if message.role == "tool":
        parts.append(_json(message.value))
    parts.extend(_json(call.arguments) for call in message.calls)
    return "\n".join(parts)


def _json(value: JsonValue) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return str(value)


def _numbers(message: Message) -> Iterator[float]:
    if message.text:
        yield from numbers_in(message.text)
    for value in _leaves([message.value, *(call.arguments for call in message.calls)]):
        number = as_number(value)
        if number is not None:
            yield number
        elif isinstance(value, str):
            yield from numbers_in(value)


def _leaves(values: list[JsonValue]) -> Iterator[JsonValue]:
    """Give all that is neither an object nor a list."""
    ahead = [*values]
    while ahead:
        value = ahead.pop()
        if isinstance(value, Mapping):
            ahead.extend(value.values())
        elif isinstance(value, (list, tuple)):
            ahead.extend(value)
        else:
            yield value
