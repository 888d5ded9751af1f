"""How much went through in the last minute: a rolling sum, decided without waiting."""

from __future__ import annotations

import math
from collections import deque

__all__ = ["RollingWindow", "WindowEntry"]


class WindowEntry:
    """What one request weighs in a window, from the moment it was sent."""

    __slots__ = ("at", "size")

    def __init__(self, at: float, size: int) -> None:
        self.at = at
        self.size = size


class RollingWindow:
    """At most ``limit`` in any span of ``seconds``; something larger than the limit passes alone."""

    def __init__(self, limit: int, *, seconds: float = 60.0) -> None:
        if limit < 1:
            raise ValueError(f"a window must let something through, not {limit}")
        self.limit = limit
        self.seconds = seconds
        self._entries: deque[WindowEntry] = deque()
        self._sum = 0

    def used(self, now: float) -> int:
        self._forget_old(now)
        return self._sum

    def room_at(self, now: float, size: int) -> float | None:
        """None when ``size`` fits now, else the time at which enough will have rolled off."""
        excess = self.used(now) + min(size, self.limit) - self.limit
        if excess <= 0:
            return None
        for entry in self._entries:
            excess -= entry.size
            if excess <= 0:
                return entry.at + self.seconds
        return math.inf

    def add(self, now: float, size: int) -> WindowEntry:
        entry = WindowEntry(now, size)
        self._entries.append(entry)
        self._sum += size
        return entry

    def correct(self, entry: WindowEntry, size: int, now: float) -> None:
        """Weigh an entry anew, now that its real size is known."""
        self._forget_old(now)
        if entry.at + self.seconds > now:
            self._sum += size - entry.size
        entry.size = size

    def _forget_old(self, now: float) -> None:
        entries = self._entries
        while entries and entries[0].at + self.seconds <= now:
            self._sum -= entries.popleft().size
