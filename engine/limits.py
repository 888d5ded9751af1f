"""The gates between a request and the server.

Every request passes the gates in one order: live dialogues (``run_jobs``) → budget → tokens in flight →
tokens per minute → request window.  Whoever waits at a gate holds only what earlier gates gave, and what a
later gate gave is released without waiting for anything, so no circle of waiting can close.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.events import EventStream, GateClosed, WidthChanged
from engine.waiting import WaitingLine
from engine.width import AdaptiveWidth, FixedWidth
from engine.windows import RollingWindow, WindowEntry

__all__ = [
    "FlightStatistics",
    "RateStatistics",
    "RequestWindow",
    "Slot",
    "TokenRate",
    "TokensInFlight",
    "WindowStatistics",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowStatistics:
    """``used`` counts the requests of the last minute when there is a limit on them, else None."""

    width: int
    ceiling: int | None
    in_flight: int
    waiting: int
    used: int | None
    closed_until: float


class Slot:
    """One request's place in flight."""

    __slots__ = ("entry", "filled_the_window", "sent_among", "sent_at")

    def __init__(self) -> None:
        self.sent_at = 0.0
        self.sent_among = 0
        self.filled_the_window = False
        self.entry: WindowEntry | None = None


class RequestWindow:
    """The last gate: requests per minute, an adaptive number in flight, and pauses the server asks for."""

    def __init__(
        self,
        *,
        width: AdaptiveWidth | FixedWidth | None = None,
        requests_per_minute: int | None = None,
        events: EventStream | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._width = width or AdaptiveWidth()
        self._window = None if requests_per_minute is None else RollingWindow(requests_per_minute)
        self._events = events or EventStream()
        self._clock = clock
        self._closed_until = 0.0
        self._in_flight = 0
        self._line = WaitingLine[Slot](self._take, self._undo, clock=clock)

    async def enter(self, order: int) -> Slot:
        """Wait for a place in flight; end it once, by ``answered``, ``refused`` or ``abandoned``."""
        slot = Slot()
        await self._line.enter(order, slot)
        return slot

    def answered(self, slot: Slot, *, work: float) -> None:
        """An answer came; ``work`` measures it in tokens."""
        self._learn(slot, work=work)

    def refused(self, slot: Slot, *, overload: bool, retry_after: float | None) -> None:
        """The server refused; its wish for a pause holds for everybody."""
        now = self._clock()
        if retry_after is not None and now + retry_after > self._closed_until:
            was_open = now >= self._closed_until
            self._closed_until = now + retry_after
            if was_open:
                self._events.emit(GateClosed(seconds=retry_after, reason="the server asked for a pause"))
        if overload:
            self._free(self._width.overloaded(now, sent_at=slot.sent_at, in_flight=self._in_flight))
        else:
            self._learn(slot, work=0.0)  # an outage: all that time for no work

    def abandoned(self, slot: Slot) -> None:
        """The request was given up; nothing is learned from it."""
        del slot
        self._free(None)

    def statistics(self) -> WindowStatistics:
        return WindowStatistics(
            width=self._width.width,
            ceiling=self._width.ceiling,
            in_flight=self._in_flight,
            waiting=self._line.waiting,
            used=None if self._window is None else self._window.used(self._clock()),
            closed_until=self._closed_until,
        )

    def _learn(self, slot: Slot, *, work: float) -> None:
        reason = self._width.answered(
            self._clock(),
            sent_at=slot.sent_at,
            sent_among=slot.sent_among,
            in_flight=self._in_flight,
            work=work,
            was_full=slot.filled_the_window or self._line.waiting > 0,
        )
        self._free(reason)

    def _free(self, reason: str | None) -> None:
        self._in_flight -= 1
        if reason is not None:
            self._events.emit(WidthChanged(width=self._width.width, reason=reason))
        self._line.admit()

    def _take(self, slot: Slot) -> float | None:
        if self._in_flight >= self._width.width:
            return float("inf")
        now = self._clock()
        if now < self._closed_until:
            return self._closed_until
        if self._window is not None:
            retry_at = self._window.room_at(now, 1)
            if retry_at is not None:
                return retry_at
            slot.entry = self._window.add(now, 1)
        self._in_flight += 1
        slot.sent_at = now
        slot.sent_among = self._in_flight
        slot.filled_the_window = self._in_flight >= self._width.width
        return None

    def _undo(self, slot: Slot) -> None:
        if slot.entry is not None and self._window is not None:
            self._window.correct(slot.entry, 0, self._clock())
        self._in_flight -= 1
