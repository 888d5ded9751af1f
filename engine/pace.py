"""What came back per second with so many in flight: the measure by which the width is judged."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Epoch", "Pace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What came back per second with so many in flight, as work and as answers (by Little's law).

    Other kinds of requests in the mix move one of the two; an overloaded server moves both.
    """

    in_flight: float
    work: float
    answers: float

    def gain_over(self, other: Pace) -> float:
        """Give how many times as much came back, by the kinder of the two measures."""
        return max(_ratio(self.work, other.work), _ratio(self.answers, other.answers))


class Epoch:
    """Answers to requests that were sent since ``started_at``.

    ``worked`` is what this side had worked by then.
    """

    __slots__ = ("_answers", "_in_flight", "_seconds", "_work", "count", "started_at", "worked")

    def __init__(self, *, started_at: float = float("-inf"), worked: float = 0.0) -> None:
        self.started_at = started_at
        self.worked = worked
        self.count = 0
        self._answers = 0
        self._seconds = 0.0
        self._work = 0.0
        self._in_flight = 0.0

    def add(self, *, seconds: float, work: float, in_flight: float) -> None:
        self.count += 1
        self._answers += work > 0
        self._seconds += seconds
        self._work += work
        self._in_flight += in_flight

    def join(self, other: Epoch) -> None:
        """Count the answers of ``other`` too."""
        self.count += other.count
        self._answers += other._answers
        self._seconds += other._seconds
        self._work += other._work
        self._in_flight += other._in_flight

    def pace(self) -> Pace:
        in_flight = self._in_flight / self.count
        each = in_flight / self._seconds if self._seconds > 0 else 0.0
        return Pace(in_flight=in_flight, work=each * self._work, answers=each * self._answers)


def _ratio(one: float, other: float) -> float:
    return one / other if other > 0 else 1.0
