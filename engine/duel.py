"""Two widths in turns: what tells a gain from a server that is now quick and now slow for other reasons."""

from __future__ import annotations

from statistics import median
from typing import Final

from engine.pace import Pace

__all__ = ["Duel"]

_ROUNDS: Final = 3
_NARROWER: Final = 0.66
# Where the two were hardly different in use, nothing is learned.
_LEAST_GROWTH: Final = 0.1


class Duel:
    """A wide and a narrow width, each tried for three epochs, one after the other.

    A server's speed changes for reasons of its own, mostly more slowly than an epoch passes, so each epoch is
    compared with its neighbour, and the median of the three comparisons counts.
    """

    def __init__(self, wide: int) -> None:
        self.wide = wide
        self.narrow = max(1, int(wide * _NARROWER + 0.25))
        self._paces: list[Pace] = []

    @property
    def width(self) -> int:
        """Whose turn it is."""
        return self.wide if len(self._paces) % 2 else self.narrow

    @property
    def is_over(self) -> bool:
        return len(self._paces) == 2 * _ROUNDS

    def add(self, pace: Pace) -> None:
        """Take in the pace of an epoch with ``width``."""
        self._paces.append(pace)

    def gain(self) -> float:
        """Give how many times as much the wide width brought per second."""
        return median(wide.gain_over(narrow) for narrow, wide in self._pairs())

    def growth(self) -> float | None:
        """Give by what share more was in flight with it; None when it was hardly used."""
        growth = median(wide.in_flight / narrow.in_flight for narrow, wide in self._pairs()) - 1.0
        return growth if growth >= _LEAST_GROWTH else None

    def _pairs(self) -> list[tuple[Pace, Pace]]:
        return list(zip(self._paces[::2], self._paces[1::2], strict=True))
