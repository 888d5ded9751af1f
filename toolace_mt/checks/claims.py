"""Whether the identifiers and sums of money that the assistant tells stand anywhere before (TA405)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

import orjson

from toolace_mt.findings import Finding
from toolace_mt.json_path import leaves
from toolace_mt.provenance import as_number, compact, numbers_in
from toolace_mt.transcript import JsonValue, Message, Transcript

__all__ = ["check_claims"]

_IDENTIFIER = re.compile(r"(?<![\w/.@-])#?[A-Z]{1,6}[-_]?\d{2,}(?![\w-])")
_TWO_DIGITS = re.compile(r"\d\d|[$€£¥₹]")
_MONEY = re.compile(
    r"[$€£¥₹]\s?(\d[\d,]*(?:\.\d+)?)(?![\d,.]*\d)|(?<![\w.,/-])(\d[\d,]*\.\d\d)(?![\w.]|,\d|\s?%)"
)
_NUMBERS_TRIED = 60
"""With more numbers than these, some sum of them gives almost any number."""


def check_claims(transcript: Transcript) -> Iterator[Finding]:
    """Find identifiers and amounts of money in the assistant's words that nothing before them explains.

    Only words after a result are looked at: before that, the assistant speaks from what it knows.
    """
    if transcript.is_reference:
        return
    after_result = False
    for turn, message in enumerate(transcript.messages):
        if message.role == "tool":
            after_result = True
        elif (
            after_result and message.text and message.role == "assistant" and _TWO_DIGITS.search(message.text)
        ):
            for told in _unexplained(message.text, transcript.messages[:turn]):
                yield Finding(
                    rule="TA405",
                    message=f"the assistant tells {told!r}, which stands nowhere before",
                    turn=turn,
                )


def _unexplained(text: str, before: tuple[Message, ...]) -> Iterator[str]:
    identifiers = [one for one in dict.fromkeys(_IDENTIFIER.findall(text)) if not _is_said(one, before)]
    if identifiers:
        heard = compact("\n".join(map(_words, before)))
        yield from (one for one in identifiers if compact(one) not in heard)
    money = {found[0]: float((found[1] or found[2]).replace(",", "")) for found in _MONEY.finditer(text)}
    if money:
        yield from _unexplained_money(money, before)


def _is_said(identifier: str, before: tuple[Message, ...]) -> bool:
    """Look where it is cheap to look, and most often stands: in the words, and on top of the results."""
    for message in before:
        if message.text is not None:
            if identifier in message.text:
                return True
        elif isinstance(message.value, dict) and identifier in message.value.values():
            return True
    return False


def _unexplained_money(money: Mapping[str, float], before: tuple[Message, ...]) -> Iterator[str]:
    known = frozenset(number for message in before for number in _numbers(message))
    left = {told: number for told, number in money.items() if not _is_known(number, known)}
    if not left or len(known) > _NUMBERS_TRIED:
        return
    sums = {round(one + other, 2) for one, other in combinations(known, 2)}
    sums |= {round(abs(one - other), 2) for one, other in combinations(known, 2)}
    sums |= {round(one * other, 2) for one, other in combinations(known, 2) if min(one, other) <= 100}
    sums |= {round(one * other / 100, 2) for one, other in combinations(known, 2)}
    sums |= {round(total, 2) for message in before for total in _totals(message.value)}
    parts = [number for number in money.values() if _is_known(number, known)]
    sums.add(round(sum(parts), 2))
    for told, number in left.items():
        if number not in sums and round(100 * number, 2) not in sums:
            yield told


def _is_known(number: float, known: frozenset[float]) -> bool:
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
    for value in (message.value, *(call.arguments for call in message.calls)):
        for _, leaf in leaves(value):
            number = as_number(leaf)
            if number is not None:
                yield number
            elif isinstance(leaf, str):
                yield from numbers_in(leaf)


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
