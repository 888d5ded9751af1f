"""Whether the identifiers and sums of money that the assistant tells stand anywhere before (TA405)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import combinations

import orjson

from toolace_mt.findings import Finding
from toolace_mt.provenance import as_number, compact, numbers_in
from toolace_mt.transcript import JsonValue, Message, Transcript

__all__ = ["check_claims"]

_IDENTIFIER = re.compile(  # what it begins with stands first, for that is what the search jumps to
    r"[#A-Z](?<![\w/.@-][#A-Z])(?:(?<=#)[A-Z]{1,6}|(?<!#)[A-Z]{0,5})[-_]?\d{2,}(?![\w-])"
)
_TWO_DIGITS = re.compile(r"\d\d|[$€£¥₹]")
_MONEY = re.compile(
    r"[$€£¥₹]\s?(\d[\d,]*(?:\.\d+)?)(?![\d,.]*\d)|(?<![\w.,/-])(\d[\d,]*\.\d\d)(?![\w.]|,\d|\s?%)"
)
_ANNOUNCED = re.compile(
    r"\b(?:id|ids|number|no|order|reference|confirmation|code|ticket|booking|account|invoice|reservation)\b"
    r"[^.!?]{0,20}\Z",
    re.IGNORECASE,
)
_USUAL = frozenset((7.0, 12.0, 52.0))
"""How many days, months and weeks prices are multiplied by."""
_NUMBERS_TRIED = 60
"""With more numbers than these, some sum of them gives almost any number."""


def check_claims(transcript: Transcript) -> Iterator[Finding]:
    """Find identifiers and amounts of money in the assistant's words that nothing before them explains.

    Only words after a result are looked at: before that, the assistant speaks from what it knows.
    """
    if transcript.is_reference:
        return
    after_result = False
    known = _Known(transcript.messages)
    for turn, message in enumerate(transcript.messages):
        if message.role == "tool":
            after_result = True
        elif (
            after_result and message.text and message.role == "assistant" and _TWO_DIGITS.search(message.text)
        ):
            for told in _unexplained(message.text, transcript.messages[:turn], known):
                yield Finding(
                    rule="TA405",
                    message=f"the assistant tells {told!r}, which stands nowhere before",
                    turn=turn,
                )


class _Known:
    """The numbers before a message; each message is looked through once, and only if somebody asks."""

    __slots__ = ("_looked_through", "_messages", "_numbers")

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self._messages = messages
        self._looked_through = 0
        self._numbers: set[float] = set()

    def before(self, turn: int) -> AbstractSet[float]:
        """Give the numbers before a turn, which must not be earlier than the last one asked about."""
        for message in self._messages[self._looked_through : turn]:
            self._numbers.update(_numbers(message))
        self._looked_through = turn
        return self._numbers


def _unexplained(text: str, before: tuple[Message, ...], known: _Known) -> Iterator[str]:
    found = {match[0]: match.start() for match in _IDENTIFIER.finditer(text)}
    identifiers = [one for one in found if not _is_said(one, before)]
    if identifiers:
        heard = compact("\n".join(map(_words, before)))
        yield from (
            one
            for one in identifiers
            if compact(one) not in heard and _names_a_thing(one, text[: found[one]], heard)
        )
    money = {found[0]: float((found[1] or found[2]).replace(",", "")) for found in _MONEY.finditer(text)}
    if money and not _are_results(set(money.values()), before):
        yield from _unexplained_money(money, numbers_in(text), before, known.before(len(before)))


def _is_said(identifier: str, before: tuple[Message, ...]) -> bool:
    """Look where it is cheap to look, and most often stands: in the words, and on top of the results."""
    for message in before:
        if message.text is not None:
            if identifier in message.text:
                return True
        elif isinstance(message.value, dict) and identifier in message.value.values():
            return True
    return False


def _are_results(amounts: set[float], before: tuple[Message, ...]) -> bool:
    """Look first where amounts are most often found, in results as plain numbers or cents: it costs far
    less."""
    meant = {written: amount for amount in amounts for written in (amount, round(100 * amount, 6))}
    for message in reversed(before):
        ahead = [message.value] if message.role == "tool" else []
        while ahead:
            value = ahead.pop()
            if isinstance(value, dict):
                ahead.extend(value.values())
            elif isinstance(value, list):
                ahead.extend(value)
            elif isinstance(value, (int, float)) and value in meant and not isinstance(value, bool):
                amounts.discard(meant[value])
        if not amounts:
            return True
    return False


def _names_a_thing(identifier: str, text_before: str, heard: str) -> bool:
    """Tell ids of this dialogue from what everybody knows (ISO 9001): they are announced, or there are others
    with these letters."""
    if _ANNOUNCED.search(text_before):
        return True
    letters = compact(identifier).rstrip("0123456789")
    return re.search(rf"{re.escape(letters)}\d\d", heard) is not None


def _unexplained_money(
    money: Mapping[str, float],
    told: frozenset[float],
    before: tuple[Message, ...],
    heard: AbstractSet[float],
) -> Iterator[str]:
    left = {text: number for text, number in money.items() if not _is_known(number, heard)}
    if not left or len(heard) > _NUMBERS_TRIED:
        return
    known = {*heard, *(told - set(left.values()))}
    known |= {total for message in before for total in _totals(message.value)}
    known.add(sum(set(money.values()) - set(left.values())))
    while left and len(known) <= _NUMBERS_TRIED:
        computed = _computed(known)
        explained = {text for text, number in left.items() if computed & {number, round(100 * number, 2)}}
        if not explained:
            yield from left
            return
        known |= {left.pop(text) for text in explained}


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
    return found


def _is_known(number: float, known: AbstractSet[float]) -> bool:
    if number in known or round(number * 100, 6) in known:
        return True
    return any(round(one, 2) == number or round(one) == number or one == number / 1000 for one in known)


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
    ahead: list[JsonValue] = [message.value, *(call.arguments for call in message.calls)]
    while ahead:
        value = ahead.pop()
        if isinstance(value, dict):
            ahead.extend(value.values())
        elif isinstance(value, (list, tuple)):
            ahead.extend(value)
        elif (number := as_number(value)) is not None:
            yield number
        elif isinstance(value, str):
            yield from numbers_in(value)


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
