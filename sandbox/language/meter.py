"""The step budget of one call, and the ways in which a call ends before its tool returns.

Steps are counted, never timed: the same call uses the same steps on every machine.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

__all__ = [
    "MAX_ELEMENTS",
    "MAX_INTEGER_BITS",
    "MAX_STEPS",
    "MAX_TEXT",
    "VIEWS",
    "DeclaredFailure",
    "ForbiddenUse",
    "Meter",
    "StepBudgetExceeded",
]

VIEWS: frozenset[type] = frozenset({type({}.keys()), type({}.values()), type({}.items())})
LISTED: frozenset[type] = frozenset({list, tuple, set, frozenset}) | VIEWS
MAX_STEPS = 200_000
MAX_ELEMENTS = 100_000
MAX_INTEGER_BITS = 1_024
MAX_TEXT = 200_000


class StepBudgetExceeded(BaseException):
    """The call did or grew more than it may.  Not an ``Exception``: tool code must not swallow it."""


class ForbiddenUse(BaseException):
    """The call asked for something that the policy forbids and only shows at run time."""


class DeclaredFailure(BaseException):
    """``ctx.fail`` was called.  Not an ``Exception``, so that no ``except`` of the tool keeps it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class Meter:
    """Counts one call's steps and notes whether anything was written.

    ``wrote`` tells that some container was changed, ``attached`` that something was put into one that may not
    be plain, or stands in two places now, and ``reordered`` that a dictionary got a key: a call that did
    none of it cannot have changed the state, what it is made of, and the order of its keys.  Whatever changes
    a container says so first: tables are shared again after a call that wrote nothing.
    """

    __slots__ = ("attached", "left", "limit", "reordered", "streams", "tuples", "wrote")

    def __init__(self, limit: int = MAX_STEPS) -> None:
        self.limit = limit
        self.reset()

    def reset(self) -> None:
        """Start a new call."""
        self.left = self.limit
        self.wrote = False
        self.attached = False
        self.reordered = False
        self.streams = 0
        self.tuples = 0

    @property
    def used(self) -> int:
        """Steps of the present call so far, at most the limit."""
        return self.limit - max(self.left, 0)

    def charge(self, steps: int) -> None:
        """Take steps from the budget."""
        self.left -= steps
        if self.left < 0:
            self.end()

    def end(self) -> NoReturn:
        """End a call that has taken more steps than it has.

        What runs most often counts ``left`` down itself and calls this below zero: a call of ``charge`` costs
        as much as what it would be for.
        """
        raise StepBudgetExceeded(f"more than {self.limit} steps")

    def tick(self) -> bool:
        """Take one step; always true, so that it can stand in an expression."""
        self.left -= 1
        if self.left < 0:
            self.end()
        return True

    def take(self, steps: int) -> bool:
        """Take several steps; always true, as ``tick``."""
        self.left -= steps
        if self.left < 0:
            self.end()
        return True

    def tuple_as_key(self, parts: int) -> None:
        """Charge for a tuple that is hashed; more with each, for a stranger can make all of one hash."""
        self.tuples += 1
        self.charge(parts + (self.tuples >> 4))

    def stream_of_stream(self) -> None:
        """Charge for a stream around another; more with each, for ten thousand in a nest end a process."""
        self.streams += 1
        self.charge(1 + (self.streams >> 6))

    def weigh(self, value: object) -> None:
        """Take a step for every part of a value as it would be written out, shared parts again each time.

        Paid for before the parts are listed: a few shared parts may stand for billions.
        """
        self.tick()
        stack = [value]
        while stack:
            part = stack.pop()
            kind = type(part)
            if kind is dict:
                assert isinstance(part, dict)
                self.bound(len(part))
                self.charge(2 * len(part))
                stack.extend(part.values())
                stack.extend(part)
            elif kind in LISTED:
                assert isinstance(part, Collection)
                self.bound(len(part))
                self.charge(len(part))
                stack.extend(part)
            elif kind is str:
                assert isinstance(part, str)
                self.charge(len(part) >> 6)

    def search(self, text: str, sought: object) -> None:
        """Charge for looking through a text; Python's search from the right takes the product of lengths."""
        product = len(text) * len(sought) if type(sought) is str else 0
        self.charge(1 + (len(text) >> 4) + (product >> 12))

    def bound(self, elements: int) -> None:
        """Refuse a container of too many elements."""
        if elements > MAX_ELEMENTS:
            raise StepBudgetExceeded(f"more than {MAX_ELEMENTS} elements")

    def bound_text(self, length: int) -> None:
        """Refuse a text that is too long, and charge for copying one that is not."""
        if length > MAX_TEXT:
            raise StepBudgetExceeded(f"a text of more than {MAX_TEXT} characters")
        self.charge(length >> 6)
