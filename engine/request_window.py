"""The last gate: how many requests are in flight at each endpoint, how many a minute, and every pause."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.events import EndpointRecovered, EndpointRested, EventStream, GateClosed, WidthChanged
from engine.lanes import Lane, LaneStatistics
from engine.waiting import WaitingLine
from engine.width import AdaptiveWidth, FixedWidth
from engine.windows import RollingWindow, WindowEntry

__all__ = ["RequestWindow", "Slot", "WindowStatistics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowStatistics:
    """The sums over all endpoints, and each of them.

    ``used`` counts the requests of the last minute when there is a limit on them, else None;
    ``closed_until`` is when the first endpoint opens.
    """

    width: int
    ceiling: int | None
    in_flight: int
    waiting: int
    used: int | None
    closed_until: float
    is_paused: bool
    lanes: tuple[LaneStatistics, ...]


class Slot:
    """One request's place in flight; ``lane`` is the number of its endpoint."""

    __slots__ = ("entry", "filled_the_window", "lane", "sent_among", "sent_at")

    def __init__(self) -> None:
        self.lane = 0
        self.sent_at = 0.0
        self.sent_among = 0
        self.filled_the_window = False
        self.entry: WindowEntry | None = None


class RequestWindow:
    """Lets requests out to one or several endpoints, oldest dialogue first.

    A request goes to the open endpoint that has the least in flight for its weight.  With several, one that
    fails rests, and its share goes to the others until an answer comes from it again.
    """

    def __init__(
        self,
        *,
        width: AdaptiveWidth | FixedWidth | None = None,
        lanes: Sequence[Lane] = (),
        requests_per_minute: int | None = None,
        events: EventStream | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lanes = tuple(lanes) or (Lane(width=width),)
        self._window = None if requests_per_minute is None else RollingWindow(requests_per_minute)
        self._events = events or EventStream()
        self._clock = clock
        self._is_paused = False
        self._line = WaitingLine[Slot](self._take, self._undo, clock=clock)

    @property
    def is_hopeless(self) -> bool:
        """No endpoint will answer until the configuration changes."""
        return all(lane.is_unusable for lane in self._lanes)

    async def enter(self, order: int) -> Slot:
        """Wait for a place in flight; end it once, by ``answered``, ``refused`` or ``abandoned``."""
        slot = Slot()
        await self._line.enter(order, slot)
        return slot

    def answered(self, slot: Slot, *, work: float) -> None:
        """An answer came; ``work`` measures it in tokens."""
        lane = self._lanes[slot.lane]
        if lane.recovered():
            self._events.emit(EndpointRecovered(endpoint=lane.name))
        self._learn(lane, slot, work=work)

    def refused(
        self,
        slot: Slot,
        *,
        overload: bool,
        retry_after: float | None,
        is_unusable: bool = False,
        reason: str = "",
    ) -> None:
        """The server refused; its wish for a pause holds for everybody."""
        now = self._clock()
        lane = self._lanes[slot.lane]
        if retry_after is not None:
            was_open = now >= lane.closed_until
            if lane.close_until(now + retry_after) and was_open:
                self._events.emit(GateClosed(seconds=retry_after, reason="the server asked for a pause"))
        if overload:
            before = lane.width
            self._changed(
                lane, before, lane.learned.overloaded(now, sent_at=slot.sent_at, in_flight=lane.in_flight)
            )
            self._free(lane)
            return
        lane.is_unusable = lane.is_unusable or is_unusable
        if len(self._lanes) > 1:
            seconds = lane.failed(now, sent_at=slot.sent_at)
            if seconds is not None:
                self._events.emit(EndpointRested(endpoint=lane.name, seconds=seconds, reason=reason))
        self._learn(lane, slot, work=0.0)  # an outage: all that time for no work

    def abandoned(self, slot: Slot) -> None:
        """The request was given up; nothing is learned from it."""
        self._free(self._lanes[slot.lane])

    def pause(self) -> None:
        """Send nothing more until ``resume``; what is in flight comes home."""
        self._is_paused = True

    def resume(self) -> None:
        self._is_paused = False
        self._line.admit()

    def choose_width(self, width: int | None) -> None:
        """Let so many be in flight, shared by weight, at least one each; None: what the window learned."""
        total = sum(lane.weight for lane in self._lanes)
        for lane in self._lanes:
            before = lane.width
            share = None if width is None else max(1, round(width * lane.weight / total))
            lane.chosen = None if share is None else FixedWidth(share)
            self._changed(lane, before, "chosen by hand" if width else "left to what was learned")
        self._line.admit()

    def statistics(self) -> WindowStatistics:
        lanes = tuple(lane.statistics() for lane in self._lanes)
        ceilings = [lane.ceiling for lane in lanes if lane.ceiling is not None]
        return WindowStatistics(
            width=sum(lane.width for lane in lanes),
            ceiling=sum(ceilings) if len(ceilings) == len(lanes) else None,
            in_flight=sum(lane.in_flight for lane in lanes),
            waiting=self._line.waiting,
            used=None if self._window is None else self._window.used(self._clock()),
            closed_until=min(lane.closed_until for lane in lanes),
            is_paused=self._is_paused,
            lanes=lanes,
        )

    def _learn(self, lane: Lane, slot: Slot, *, work: float) -> None:
        before = lane.width
        reason = lane.learned.answered(
            self._clock(),
            sent_at=slot.sent_at,
            sent_among=slot.sent_among,
            in_flight=lane.in_flight,
            work=work,
            was_full=slot.filled_the_window or self._line.waiting > 0,
        )
        if reason is not None:
            self._changed(lane, before, reason)
        self._free(lane)

    def _changed(self, lane: Lane, before: int, reason: str | None) -> None:
        if reason is not None and lane.width != before:
            self._events.emit(
                WidthChanged(width=lane.width, before=before, reason=reason, endpoint=lane.name)
            )

    def _free(self, lane: Lane) -> None:
        lane.in_flight -= 1
        self._line.admit()

    def _take(self, slot: Slot) -> float | None:
        if self._is_paused:
            return math.inf
        now = self._clock()
        lane, retry_at = self._best(slot, now)
        if lane is None:
            return retry_at
        if self._window is not None:
            room_at = self._window.room_at(now, 1)
            if room_at is not None:
                return room_at
            slot.entry = self._window.add(now, 1)
        lane.in_flight += 1
        slot.sent_at = now
        slot.sent_among = lane.in_flight
        slot.filled_the_window = lane.in_flight >= lane.width
        return None

    def _best(self, slot: Slot, now: float) -> tuple[Lane | None, float]:
        """Choose the open endpoint with the least in flight for its weight; else tell when one may open."""
        best, least, retry_at = None, math.inf, math.inf
        for number, lane in enumerate(self._lanes):
            opens_at = lane.opens_at(now)
            if opens_at is not None:
                retry_at = min(retry_at, opens_at)
                continue
            load = (lane.in_flight + 1) / lane.weight
            if load < least:
                best, least, slot.lane = lane, load, number
        return best, retry_at

    def _undo(self, slot: Slot) -> None:
        if slot.entry is not None and self._window is not None:
            self._window.correct(slot.entry, 0, self._clock())
        self._lanes[slot.lane].in_flight -= 1
