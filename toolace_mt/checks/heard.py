"""What the messages before a turn say, gathered message by message, so that each is looked through once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Self

import orjson

from toolace_mt.provenance import as_number, compact, numbers_in
from toolace_mt.transcript import JsonValue, Message

__all__ = ["Amounts", "Codes", "Numbers"]

_DIGITS = re.compile(r"[0-9]+")


class _Gathered:
    """Turns must be asked about in their order; nothing is looked through before somebody asks."""

    __slots__ = ("_messages", "_next")

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self._messages = messages
        self._next = 0

    def before(self, turn: int) -> Self:
        """Look through the messages up to a turn that were not yet looked through."""
        for message in self._messages[self._next : turn]:
            self._add(message)
        self._next = max(turn, self._next)
        return self

    def _add(self, message: Message) -> None:
        raise NotImplementedError


class Amounts(_Gathered):
    """The plain numbers of results, where amounts of money stand most often: cheap to gather."""

    __slots__ = ("_seen",)

    def __init__(self, messages: tuple[Message, ...]) -> None:
        super().__init__(messages)
        self._seen: set[float] = set()

    def has(self, amount: float) -> bool:
        """Tell whether a result held the amount, in its unit or in hundredths."""
        return amount in self._seen or round(100 * amount, 6) in self._seen

    def _add(self, message: Message) -> None:
        if message.role == "tool":
            self._seen.update(
                leaf
                for leaf in _leaves([message.value])
                if isinstance(leaf, (int, float)) and not isinstance(leaf, bool)
            )


class Numbers(_Gathered):
    """All numbers that were said, given or returned, and the totals of lists among them."""

    __slots__ = ("_roughly", "said", "totals")

    def __init__(self, messages: tuple[Message, ...]) -> None:
        super().__init__(messages)
        self.said: set[float] = set()
        self.totals: set[float] = set()
        self._roughly: set[float] = set()

    def has(self, amount: float) -> bool:
        """Tell whether the amount was said: in hundredths, in thousands or rounded, it may be."""
        return (
            amount in self._roughly
            or amount in self.said
            or round(amount * 100, 6) in self.said
            or amount / 1000 in self.said
        )

    def _add(self, message: Message) -> None:
        numbers = set(_numbers(message))
        self.said |= numbers
        for number in filter(math.isfinite, numbers):
            self._roughly |= {round(number, 2), float(round(number))}
        self.totals.update(_totals(message.value))


class Codes(_Gathered):
    """Which of some identifiers were written before, in whatever signs: ``#W-12`` is ``w12``."""

    __slots__ = ("_codes", "_heard", "_letters", "_shapes")

    def __init__(self, messages: tuple[Message, ...], sought: Iterable[str]) -> None:
        super().__init__(messages)
        self._codes = {compact(one) for one in sought}
        self._letters = {_letters_of(code) for code in self._codes}
        self._shapes = {(len(_letters_of(code)), len(code)) for code in self._codes}
        self._heard: set[str] = set()

    def has(self, identifier: str) -> bool:
        """Tell whether one of the identifiers was written."""
        return compact(identifier) in self._heard

    def has_alike(self, identifier: str) -> bool:
        """Tell whether something with the identifier's letters and other digits was written."""
        return _letters_of(compact(identifier)) in self._heard

    def _add(self, message: Message) -> None:
        """At each number look back for letters and ahead for digits, as many as sought identifiers have."""
        text = compact(_words(message))
        for found in _DIGITS.finditer(text):
            start, end = found.span()
            for letters, length in self._shapes:
                behind = text[max(start - letters, 0) : start]
                if end - start > 1 and behind in self._letters:
                    self._heard.add(behind)
                digits = length - letters
                last = end - digits if letters == 0 else start
                for at in range(start, last + 1):
                    code = text[max(at - letters, 0) : at + digits]
                    if code in self._codes:
                        self._heard.add(code)


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


def _totals(value: JsonValue) -> Iterator[float]:
    """Sums of the numbers of one name in each list, and of plain lists of numbers."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _totals(item)
    elif isinstance(value, (list, tuple)):
        columns: dict[str, float] = {}
        for item in value:
            yield from _totals(item)
            for name, leaf in item.items() if isinstance(item, Mapping) else (("", item),):
                if isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
                    columns[name] = columns.get(name, 0.0) + leaf
        yield from columns.values()
