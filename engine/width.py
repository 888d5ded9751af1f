"""How many requests may be in flight at once, learned from how the server behaves.

The rules, in the order in which they were needed:

* Slow start: each answer allows one more, as long as no ceiling is known, but never more than twice what
  was last seen to work.
* A refusal for overload opens an episode: one cut to three quarters.  Later refusals of requests sent
  before the cut belong to the same episode; they only make the ceiling exact, because what is still in
  flight after the last refusal is what the server admits.  The ceiling never falls below half of what
  was in flight, since half was admitted one round before.
* The width grows only while it is really used, quickly up to the remembered ceiling; past it only
  after a patient pause, one step at first.  The pause doubles with each failure, up to a minute, so that
  the width always comes back.
* Servers that never refuse slow down instead.  By Little's law ``in flight / seconds per token`` is the
  rate of work, and the same per answer that of answers; when more in flight gives no more of either, the
  width goes back and the ceiling is remembered, and when both halve, the width is cut.
* A busy client finds its answers late, however fast the server is: what comes back while this side had no
  time of its own left says nothing of the server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["AdaptiveWidth", "FixedWidth", "WidthPolicy"]

# Less is lost in the noise of one epoch.
_LEAST_GROWTH = 0.15
# Beyond this share of an epoch in which this side works, answers wait for it to read them.
_MOST_BUSY = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class WidthPolicy:
    """The numbers behind the rules.  ``patience`` is the pause before a step past the ceiling."""

    initial: int = 4
    largest: int = 256
    cut: float = 0.75
    patience_seconds: float = 5.0
    longest_patience_seconds: float = 60.0
    least_epoch: int = 16
    least_gain: float = 0.4
    slowdown: float = 0.5


class FixedWidth:
    """A width that somebody chose; overload still costs pauses, but the width stays."""

    def __init__(self, width: int) -> None:
        if width < 1:
            raise ValueError(f"at least one request must be allowed in flight, not {width}")
        self.width = width
        self.ceiling: int | None = None

    def answered(
        self, now: float, *, sent_at: float, sent_among: int, in_flight: int, work: float, was_full: bool
    ) -> str | None:
        """Learn nothing."""

    def overloaded(self, now: float, *, sent_at: float, in_flight: int) -> str | None:
        """Learn nothing."""


class AdaptiveWidth:
    """The width and what it has learned.  Purely synchronous; the caller brings the time.

    ``in_flight`` counts the request that has just ended, ``sent_among`` those that were there when it was
    sent, both itself included.  The methods give the reason when the width has changed, else None.
    ``own_seconds`` tells how long this side has worked so far; without it this side counts as idle.
    """

    def __init__(
        self, policy: WidthPolicy | None = None, *, own_seconds: Callable[[], float] | None = None
    ) -> None:
        self._policy = policy or WidthPolicy()
        self._own_seconds = own_seconds or _idle
        self.width = min(self._policy.initial, self._policy.largest)
        self.ceiling: int | None = None
        self._floor = 1
        self._step = 1
        self._patience = self._policy.patience_seconds
        self._probe_at = 0.0
        self._cut_at = float("-inf")
        self._growth = 0.0
        self._epoch = _Epoch()
        self._base: _Pace | None = None
        self._best = _Pace(in_flight=1.0, work=0.0, answers=0.0)
        self._proven = self.width

    def answered(
        self, now: float, *, sent_at: float, sent_among: int, in_flight: int, work: float, was_full: bool
    ) -> str | None:
        """Learn from an answer (or from a failure that took its time: ``work`` 0)."""
        mean_in_flight = (sent_among + in_flight) / 2
        reason = self._learn_rate(now, sent_at=sent_at, in_flight=mean_in_flight, work=work)
        if reason is None and was_full and work > 0:
            return self._grow(now)
        return reason

    def overloaded(self, now: float, *, sent_at: float, in_flight: int) -> str | None:
        """Learn from a refusal."""
        if sent_at <= self._cut_at:
            return self._sharpen_ceiling(in_flight - 1)
        used = max(1, min(self.width, in_flight))
        self._floor = max(1, used // 2)
        self._fall_back(now, ceiling=max(self._floor, used - 1), width=max(1, int(used * self._policy.cut)))
        return "the server refused for overload"

    def _sharpen_ceiling(self, admitted: int) -> str | None:
        if self.ceiling is None:
            return None
        self.ceiling = min(self.ceiling, max(self._floor, admitted))
        before, self.width = self.width, min(self.width, self.ceiling)
        return "more refusals showed what the server admits" if self.width != before else None

    def _fall_back(self, now: float, *, ceiling: int, width: int) -> None:
        self.ceiling = ceiling
        self.width = min(width, self.width)
        self._step = 1
        self._growth = 0.0
        self._probe_at = now + self._patience
        self._patience = min(self._policy.longest_patience_seconds, self._patience * 2)
        self._cut_at = now
        self._epoch = self._epoch_from(now)
        self._base = None

    def _epoch_from(self, now: float) -> _Epoch:
        return _Epoch(started_at=now, worked=self._own_seconds())

    def _grow(self, now: float) -> str | None:
        before = self.width
        if self.ceiling is None or self.width < self.ceiling:
            self._growth += 1.0 if self.ceiling is None else 0.5
            whole = int(self._growth)
            self._growth -= whole
            limit = self._proven * 2 if self.ceiling is None else self.ceiling
            self.width = max(self.width, min(self.width + whole, limit, self._policy.largest))
            if self.width != before:
                return "slow start" if self.ceiling is None else "back towards the remembered ceiling"
        elif now >= self._probe_at and self.width < self._policy.largest:
            self.ceiling = min(self.width + self._step, self._policy.largest)
            self._step *= 2
            self._probe_at = now + self._policy.patience_seconds
        return None

    def _learn_rate(self, now: float, *, sent_at: float, in_flight: float, work: float) -> str | None:
        epoch = self._epoch
        if sent_at < epoch.started_at:
            return None
        epoch.add(seconds=now - sent_at, work=work, in_flight=in_flight)
        if epoch.count < max(self.width, self._policy.least_epoch):
            return None
        self._epoch = self._epoch_from(now)
        pace = epoch.pace()
        self._proven = max(self._proven, round(pace.in_flight))
        if self._epoch.worked - epoch.worked > _MOST_BUSY * (now - epoch.started_at):
            self._base = None
            return None
        base, best = self._base, self._best
        if base is None or not 1.0 <= pace.in_flight / base.in_flight < 1.0 + _LEAST_GROWTH:
            self._base = pace
        if pace.work > best.work:
            self._best = pace
        if base is not None and self._gained_nothing(base, pace):
            # a little below what did as well, else each round of probing would settle a little higher
            self._go_back(now, ceiling=base.in_flight * 0.9, used=base.in_flight)
            return "more in flight gave no more per second"
        if self._slowed_down(best, pace):
            self._best = pace
            self._go_back(now, ceiling=round(pace.in_flight), used=round(pace.in_flight))
            return "the server slowed down"
        return None

    def _go_back(self, now: float, *, ceiling: float, used: float) -> None:
        self._fall_back(now, ceiling=max(1, int(ceiling)), width=max(1, int(used * self._policy.cut)))

    def _gained_nothing(self, base: _Pace, pace: _Pace) -> bool:
        """Compare with the last epoch that gained, so that no climb in small steps escapes."""
        growth = pace.in_flight / base.in_flight - 1.0
        least = 1.0 + self._policy.least_gain * growth
        return (
            growth >= _LEAST_GROWTH and pace.work < base.work * least and pace.answers < base.answers * least
        )

    def _slowed_down(self, best: _Pace, pace: _Pace) -> bool:
        """Fewer in flight give less in proportion, which is no fault of the server."""
        least = min(1.0, pace.in_flight / best.in_flight) * self._policy.slowdown
        return pace.work < best.work * least and pace.answers < best.answers * least


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """What came back per second with so many in flight, as work and as answers (by Little's law).

    Other kinds of requests in the mix move one of the two; an overloaded server moves both.
    """

    in_flight: float
    work: float
    answers: float


class _Epoch:
    """Answers to about one width of requests that were sent since ``started_at``.

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

    def pace(self) -> _Pace:
        in_flight = self._in_flight / self.count
        each = in_flight / self._seconds if self._seconds > 0 else 0.0
        return _Pace(in_flight=in_flight, work=each * self._work, answers=each * self._answers)


def _idle() -> float:
    return 0.0
