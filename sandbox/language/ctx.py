"""The context that a tool receives: frozen clock, seeded chance, id counters, declared failure.

Everything in it follows from the world's name, the calls made so far and the tool's name, so that the same
calls have the same outcomes everywhere.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any, NoReturn

import xxhash

from sandbox.language.meter import DeclaredFailure, Meter, StepBudgetExceeded

__all__ = ["CONTEXT_ATTRIBUTES", "RANDOM_ATTRIBUTES", "SeededRandom", "ToolContext"]

CONTEXT_ATTRIBUTES = ("add_days", "copy", "days_between", "fail", "next_id", "now", "random", "today")
MAX_PREFIXES = 1_000
RANDOM_ATTRIBUTES = ("choice", "randint", "random", "shuffled")


class SeededRandom:
    """Chance that repeats itself.  Built on ``random.random`` alone, whose stream Python promises to keep."""

    __slots__ = ("_draw", "_meter")

    def __init__(self, seed: int, meter: Meter) -> None:
        self._draw = random.Random(seed).random
        self._meter = meter

    def random(self) -> float:
        """Draw a number from 0 up to but not 1."""
        self._meter.tick()
        return self._draw()

    def randint(self, low: int, high: int) -> int:
        """Draw an integer from ``low`` to ``high``, both included."""
        if type(low) is not int or type(high) is not int:
            raise TypeError("randint(low, high) takes two integers")
        if high < low or high - low >= 2**50:
            raise ValueError(f"randint({low}, {high}) has nothing to draw from, or too much")
        return low + int(self.random() * (high - low + 1))

    def choice(self, values: Any) -> Any:
        """Draw one element of a list, tuple or text."""
        if not isinstance(values, (list, tuple, str)) or not values:
            raise ValueError("choice() needs a list, tuple or text that is not empty")
        return values[self.randint(0, len(values) - 1)]

    def shuffled(self, values: Any) -> list[Any]:
        """Give the elements of a list or tuple in a drawn order."""
        if not isinstance(values, (list, tuple)):
            raise ValueError("shuffled() needs a list or a tuple")
        left = list(values)
        self._meter.charge(len(left) * len(left) >> 12)  # each pop moves what stands behind
        return [left.pop(self.randint(0, len(left) - 1)) for _ in range(len(left))]


class ToolContext:
    """What a tool may know beside the state and its arguments."""

    __slots__ = ("_counters", "_meter", "_random", "_seed", "now", "today")

    def __init__(self, *, clock: str, meter: Meter) -> None:
        self.now = clock
        self.today = clock[:10]
        self._meter = meter
        self.renew((), {})

    def renew(self, seed: tuple[object, ...], counters: dict[str, int]) -> None:
        """Be the context of another call: one program makes its calls one after another."""
        self._seed = seed
        self._counters = counters
        self._random: SeededRandom | None = None

    @property
    def random(self) -> SeededRandom:
        """Chance, seeded by the world, the call's number and the tool."""
        if self._random is None:
            seed = "\n".join(map(str, self._seed))
            self._random = SeededRandom(xxhash.xxh3_64_intdigest(seed.encode()), self._meter)
        return self._random

    def fail(self, code: str, message: str = "") -> NoReturn:
        """End the call with one of the tool's declared errors."""
        if type(code) is not str or type(message) is not str:
            raise TypeError("ctx.fail(code, message) takes two texts")
        raise DeclaredFailure(code[:200], message[:2_000])

    def next_id(self, prefix: str = "") -> str:
        """Give an id that no earlier call of this dialogue got: ``R1``, ``R2``, and so on."""
        if type(prefix) is not str or len(prefix) > 40:
            raise ValueError("next_id(prefix) takes a text of at most 40 characters")
        self._meter.tick()
        if prefix not in self._counters and len(self._counters) == MAX_PREFIXES:
            raise StepBudgetExceeded(f"ids with more than {MAX_PREFIXES} prefixes")
        number = self._counters.get(prefix, 0) + 1
        self._counters[prefix] = number
        return f"{prefix}{number}"

    def add_days(self, date: str, days: int) -> str:
        """Move an ISO date, or an ISO date with a time, by whole days."""
        if type(date) is not str or type(days) is not int:
            raise TypeError("add_days(date, days) takes an ISO date and an integer")
        self._meter.tick()
        moved = dt.date.fromisoformat(date[:10]) + dt.timedelta(days=days)
        return moved.isoformat() + date[10:]

    def days_between(self, start: str, end: str) -> int:
        """Count the days from one ISO date to another; negative if ``end`` is earlier."""
        if type(start) is not str or type(end) is not str:
            raise TypeError("days_between(start, end) takes two ISO dates")
        self._meter.tick()
        first, last = dt.date.fromisoformat(start[:10]), dt.date.fromisoformat(end[:10])
        return (last - first).days

    def copy(self, value: Any) -> Any:
        """Copy plain JSON, sharing nothing."""
        self._meter.weigh(value)
        return _copied(value, 0)


def _copied(value: Any, depth: int) -> Any:
    if depth > 64:
        raise ValueError("copy() of a value nested deeper than 64")
    kind = type(value)
    if kind is dict:
        return {key: _copied(part, depth + 1) for key, part in value.items()}
    if kind is list or kind is tuple:
        return [_copied(part, depth + 1) for part in value]
    return value
