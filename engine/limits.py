"""The gates that count tokens: those at the server now, and those of the last minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.waiting import WaitingLine
from engine.windows import RollingWindow, WindowEntry

__all__ = [
    "FlightStatistics",
    "RateStatistics",
    "TokenRate",
    "TokensInFlight",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightStatistics:
    """Tokens at the server now, and requests that wait for room."""

    limit: int
    in_flight: int
    waiting: int


class TokensInFlight:
    """At most ``limit`` likely tokens at the server at once; a larger request passes alone."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"tokens in flight must be at least 1, not {limit}")
        self._limit = limit
        self._in_flight = 0
        self._line = WaitingLine[int](self._take, self.leave)

    async def enter(self, order: int, tokens: int) -> int:
        """Wait for room and give the tokens to hand to ``leave``."""
        size = min(tokens, self._limit)
        await self._line.enter(order, size)
        return size

    def leave(self, size: int) -> None:
        self._in_flight -= size
        self._line.admit()

    def statistics(self) -> FlightStatistics:
        return FlightStatistics(limit=self._limit, in_flight=self._in_flight, waiting=self._line.waiting)

    def _take(self, size: int) -> float | None:
        if self._in_flight + size > self._limit:
            return float("inf")
        self._in_flight += size
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateStatistics:
    """Tokens of the last minute, and requests that wait for room."""

    limit: int
    used: int
    waiting: int


class _Weight:
    """A need of tokens and, once taken, its place in the window."""

    __slots__ = ("entry", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.entry: WindowEntry | None = None


class TokenRate:
    """At most ``limit`` tokens a minute, by the guess when a request is sent and by the usage after."""

    def __init__(
        self, limit: int, *, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._window = RollingWindow(limit, seconds=seconds)
        self._clock = clock
        self._line = WaitingLine[_Weight](self._take, self._undo, clock=clock)

    async def enter(self, order: int, tokens: int) -> WindowEntry:
        """Wait for room and give the entry to hand to ``correct``."""
        weight = _Weight(tokens)
        await self._line.enter(order, weight)
        assert weight.entry is not None
        return weight.entry

    def correct(self, entry: WindowEntry, tokens: int) -> None:
        """Weigh a sent request by its real usage; 0 when it was never sent."""
        self._window.correct(entry, tokens, self._clock())
        self._line.admit()

    def statistics(self) -> RateStatistics:
        return RateStatistics(
            limit=self._window.limit,
            used=self._window.used(self._clock()),
            waiting=self._line.waiting,
        )

    def _take(self, weight: _Weight) -> float | None:
        now = self._clock()
        retry_at = self._window.room_at(now, weight.size)
        if retry_at is None:
            weight.entry = self._window.add(now, weight.size)
        return retry_at

    def _undo(self, weight: _Weight) -> None:
        if weight.entry is not None:
            self._window.correct(weight.entry, 0, self._clock())
