"""A line of waiters before a gate: oldest dialogue first, woken by events, never by polling."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Generic, TypeVar

import anyio

from engine.errors import EngineError

__all__ = ["WaitingLine"]

NeedT = TypeVar("NeedT")

# A timer may fire a hair early; a waiter that slept this much longer never has to sleep again.
_SLACK_SECONDS = 0.001


class _Waiter(Generic[NeedT]):
    __slots__ = ("error", "gone", "need", "retry_at", "settled", "woken")

    def __init__(self, need: NeedT) -> None:
        self.need = need
        self.woken = anyio.Event()
        self.retry_at = math.inf
        self.settled = False
        self.gone = False
        self.error: EngineError | None = None


class WaitingLine(Generic[NeedT]):
    """Lets callers through a gate in the order (dialogue, arrival).

    ``take`` is the gate's synchronous decision: it takes what is needed and returns None, or takes
    nothing and returns the time at which asking again may help (infinity: only after a release), or
    raises the ``EngineError`` that refuses this need for ever.  ``give_back`` undoes a take.  The gate
    calls ``admit`` whenever something was released.  The first in line is never overtaken, so a large
    need is not starved by small ones.
    """

    def __init__(
        self,
        take: Callable[[NeedT], float | None],
        give_back: Callable[[NeedT], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._take = take
        self._give_back = give_back
        self._clock = clock
        self._line: list[tuple[int, int, _Waiter[NeedT]]] = []
        self._arrivals = itertools.count()
        self.waiting = 0

    async def enter(self, order: int, need: NeedT) -> None:
        """Return when ``need`` has been taken."""
        if not self.waiting and self._take(need) is None:
            return
        waiter = _Waiter(need)
        heappush(self._line, (order, next(self._arrivals), waiter))
        self.waiting += 1
        try:
            await self._wait(waiter)
        except BaseException:
            self._abandon(waiter)  # may already hold the grant: give it to the next in line
            raise

    def admit(self) -> None:
        """Let through all that now fit, from the head of the line."""
        while self._line:
            waiter = self._line[0][2]
            if waiter.gone:
                heappop(self._line)
                continue
            try:
                retry_at = self._take(waiter.need)
            except EngineError as error:
                waiter.error = error
            else:
                if retry_at is not None:
                    self._reschedule(waiter, retry_at)
                    return
            heappop(self._line)
            self.waiting -= 1
            waiter.settled = True
            waiter.woken.set()

    async def _wait(self, waiter: _Waiter[NeedT]) -> None:
        self.admit()
        while not waiter.settled:
            if waiter.retry_at == math.inf:
                await waiter.woken.wait()
            else:
                with anyio.move_on_after(max(0.0, waiter.retry_at - self._clock()) + _SLACK_SECONDS):
                    await waiter.woken.wait()
            if not waiter.settled:
                waiter.woken = anyio.Event()
                self.admit()
        if waiter.error is not None:
            raise waiter.error

    def _reschedule(self, waiter: _Waiter[NeedT], retry_at: float) -> None:
        if retry_at != waiter.retry_at:
            waiter.retry_at = retry_at
            waiter.woken.set()

    def _abandon(self, waiter: _Waiter[NeedT]) -> None:
        if waiter.error is not None:
            return
        if waiter.settled:
            self._give_back(waiter.need)
        else:
            waiter.gone = True
            self.waiting -= 1
        self.admit()
