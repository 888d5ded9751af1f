"""Whether the identifiers and sums of money that the assistant tells stand anywhere before (TA405)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolace_mt.checks.heard import Amounts, Codes, Numbers
from toolace_mt.checks.money import money_in, unexplained
from toolace_mt.findings import Finding
from toolace_mt.provenance import numbers_in
from toolace_mt.transcript import Message, Transcript

__all__ = ["check_claims"]

_IDENTIFIER = re.compile(  # what it begins with stands first, for that is what the search jumps to
    r"[#A-Z](?<![\w/.@-][#A-Z])(?:(?<=#)[A-Z]{1,6}|(?<!#)[A-Z]{0,5})[-_]?[0-9]{2,}(?![\w-])"
)
_TWO_DIGITS = re.compile(r"\d\d|[$€£¥₹]")
_ANNOUNCED = re.compile(
    r"\b(?:id|ids|number|no|order|reference|confirmation|code|ticket|booking|account|invoice|reservation)\b"
    r"[^.!?]{0,20}\Z",
    re.IGNORECASE,
)
_ANNOUNCED_WITHIN = 40
_NEAR_MESSAGES, _FEW = 32, 16
"""How far back, and for how many identifiers, looking for each is cheaper than gathering all."""


def check_claims(transcript: Transcript) -> Iterator[Finding]:
    """Find identifiers and amounts of money in the assistant's words that nothing before them explains.

    Only words after a result are looked at: before that, the assistant speaks from what it knows.
    """
    if transcript.is_reference:
        return
    after_result = False
    before = _Before(transcript.messages)
    for turn, message in enumerate(transcript.messages):
        if message.role == "tool":
            after_result = True
        elif after_result and message.text and message.role == "assistant":
            for told in _unexplained(message.text, turn, before):
                yield Finding(
                    rule="TA405",
                    message=f"the assistant tells {told!r}, which stands nowhere before",
                    turn=turn,
                )


class _Before:
    """What was heard before a turn; the dearer it is to know, the later it is gathered."""

    __slots__ = ("_amounts", "_codes", "_messages", "_numbers")

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self._messages = messages
        self._amounts: Amounts | None = None
        self._numbers: Numbers | None = None
        self._codes: Codes | None = None

    def amounts(self, turn: int) -> Amounts:
        if self._amounts is None:
            self._amounts = Amounts(self._messages)
        return self._amounts.before(turn)

    def numbers(self, turn: int) -> Numbers:
        if self._numbers is None:
            self._numbers = Numbers(self._messages)
        return self._numbers.before(turn)

    def codes(self, turn: int) -> Codes:
        """Know of all identifiers that the assistant tells anywhere where they stand."""
        if self._codes is None:
            told = (message.text for message in self._messages if message.role == "assistant")
            sought = {found[0] for text in told if text for found in _IDENTIFIER.finditer(text)}
            self._codes = Codes(self._messages, sought)
        return self._codes.before(turn)

    def is_near(self, identifier: str, turn: int) -> bool:
        """Look where it is cheap to look, and most often stands: in the words, and on top of the results."""
        for message in self._messages[max(0, turn - _NEAR_MESSAGES) : turn]:
            if message.text is not None:
                if identifier in message.text:
                    return True
            elif isinstance(message.value, dict) and identifier in message.value.values():
                return True
        return False


def _unexplained(text: str, turn: int, before: _Before) -> Iterator[str]:
    if _TWO_DIGITS.search(text) is None:
        return
    found = {match[0]: match.start() for match in _IDENTIFIER.finditer(text)}
    sought = list(found)
    if len(found) <= _FEW:
        sought = [one for one in found if not before.is_near(one, turn)]
    if sought:
        codes = before.codes(turn)
        yield from (
            one for one in sought if not codes.has(one) and _names_a_thing(one, text, found[one], codes)
        )
    money = money_in(text)
    if not money:
        return
    amounts = before.amounts(turn)
    if not all(amounts.has(one.amount) for one in money):
        yield from unexplained(money, numbers_in(text), before.numbers(turn))


def _names_a_thing(identifier: str, text: str, start: int, codes: Codes) -> bool:
    """Tell ids of this dialogue from what everybody knows (ISO 9001): they are announced, or there are others
    with these letters."""
    announced = _ANNOUNCED.search(text[max(0, start - _ANNOUNCED_WITHIN) : start])
    return announced is not None or codes.has_alike(identifier)
