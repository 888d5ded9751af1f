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
  rate of work, and the same per answer that of answers.  When more in flight gives no more of either, or both
  halve, that is an alarm and no verdict yet, for servers are quick and slow for other reasons too: the width
  and two thirds of it are tried in turns, and where the fewer give as much, the same again with fewer.  What
  is bearable follows from the two rates: it is what would bring the full rate if each request went on as
  quickly as with few.  Where the more give more in full, the alarm was false.
* A busy client finds its answers late, however fast the server is: what comes back while this side had no
  time of its own left says nothing of the server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.duel import Duel
from engine.pace import Epoch, Pace

__all__ = ["AdaptiveWidth", "FixedWidth", "WidthPolicy"]

# Less is lost in the noise of one trial.
_LEAST_GROWTH = 0.15
# A trial near the ceiling is so many epochs.
_TRIAL_EPOCHS = 3
# Of what grew in flight so much came back more: there was no reason for an alarm.
_FULL_GAIN = 0.9
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
        self._epoch = Epoch()
        self._trial = Epoch()
        self._is_tried = True
        self._base: Pace | None = None
        self._duel: Duel | None = None
        self._before_alarm: int | None = None
        self._alarmed_at = 0
        self._best = Pace(in_flight=1.0, work=0.0, answers=0.0)
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
        self._duel = None
        self._cut_at = now
        self._wait_to_probe(now)

    def _wait_to_probe(self, now: float) -> None:
        self._step = 1
        self._growth = 0.0
        self._probe_at = now + self._patience
        self._patience = min(self._policy.longest_patience_seconds, self._patience * 2)
        self._begin_trial(now)

    def _begin_trial(self, now: float) -> None:
        self._base = None
        self._is_tried = True
        self._epoch = self._epoch_from(now)
        self._trial = Epoch()

    def _epoch_from(self, now: float) -> Epoch:
        return Epoch(started_at=now, worked=self._own_seconds())

    def _grow(self, now: float) -> str | None:
        before = self.width
        if self._duel is not None:
            return None
        if self.ceiling is None or self.width < self.ceiling:
            self._growth += 1.0 if self.ceiling is None else 0.5
            whole = int(self._growth)
            self._growth -= whole
            limit = self._proven * 2 if self.ceiling is None else self.ceiling
            self.width = max(self.width, min(self.width + whole, limit, self._policy.largest))
            if self.width != before:
                if self.ceiling is None:
                    return "slow start"
                self._epoch, self._trial = self._epoch_from(now), Epoch()
                return "back towards the remembered ceiling"
        elif self._is_tried and now >= self._probe_at and self.width < self._policy.largest:
            self.ceiling = min(self.width + self._step, self._policy.largest)
            self._step *= 2
            self._probe_at = now + self._policy.patience_seconds
            self._is_tried = False
        return None

    def _learn_rate(self, now: float, *, sent_at: float, in_flight: float, work: float) -> str | None:
        epoch = self._epoch
        if sent_at < epoch.started_at:
            return None
        epoch.add(seconds=now - sent_at, work=work, in_flight=in_flight)
        least = max(self.width, self._policy.least_epoch)
        if epoch.count < least:
            return None
        self._epoch = self._epoch_from(now)
        pace = epoch.pace()
        self._proven = max(self._proven, round(pace.in_flight))
        if self._epoch.worked - epoch.worked > _MOST_BUSY * (now - epoch.started_at):
            self._call_off(now)
            return None
        if self._duel is not None:
            return self._fight(now, self._duel, pace)
        slower = self._slowed_down(pace)
        if slower or pace.work > self._best.work:
            self._best = pace
        if slower:
            return self._begin_duel(now, round(pace.in_flight), "the server slowed down")
        self._trial.join(epoch)
        if self.ceiling is not None and self._trial.count < _TRIAL_EPOCHS * least:
            return None
        tried, self._trial, self._is_tried = self._trial.pace(), Epoch(), True
        return self._judge(now, tried)

    def _slowed_down(self, pace: Pace) -> bool:
        """Fewer in flight give less in proportion, which is no fault of the server."""
        least = min(1.0, pace.in_flight / self._best.in_flight) * self._policy.slowdown
        return pace.gain_over(self._best) < least

    def _judge(self, now: float, pace: Pace) -> str | None:
        """Compare with the last trial that gained, so that no climb in small steps escapes."""
        base = self._base
        if base is None or not 1.0 <= pace.in_flight / base.in_flight < 1.0 + _LEAST_GROWTH:
            self._base = pace
        if base is None or pace.in_flight < base.in_flight * (1.0 + _LEAST_GROWTH):
            return None
        gain = pace.gain_over(base)
        if self._is_worth_it(gain, pace.in_flight / base.in_flight - 1.0):
            return None
        likely = base.in_flight * max(1.0, gain) * (1.0 + _LEAST_GROWTH)
        wide = round(min(pace.in_flight, likely))
        return self._begin_duel(now, wide, "more in flight gave no more per second")

    def _is_worth_it(self, gain: float, growth: float) -> bool:
        return gain >= 1.0 + self._policy.least_gain * growth

    def _begin_duel(self, now: float, wide: int, reason: str) -> str | None:
        """Try whether fewer in flight give as much."""
        if self._duel is None:
            self._before_alarm, self._alarmed_at = self.ceiling, wide
        self._duel = Duel(wide)
        before, self.width = self.width, self._duel.width
        self._begin_trial(now)
        return reason if self.width != before else None

    def _fight(self, now: float, duel: Duel, pace: Pace) -> str | None:
        duel.add(pace)
        if not duel.is_over:
            before, self.width = self.width, duel.width
            self._begin_trial(now)
            return "two widths are tried in turns" if self.width != before else None
        growth, gain = duel.growth(), duel.gain()
        if growth is None or (duel.wide == self._alarmed_at and gain >= 1.0 + _FULL_GAIN * growth):
            self._call_off(now)
            return None
        if not self._is_worth_it(gain, growth) and duel.narrow > 1:
            return self._begin_duel(now, duel.narrow, "fewer in flight gave as much per second")
        self._duel = None
        before = self.width
        self.ceiling = min(duel.wide, max(duel.narrow, round(duel.narrow * gain)))
        self.width = min(self.ceiling, self.width)
        self._wait_to_probe(now)
        return "what is bearable is known" if self.width != before else None

    def _call_off(self, now: float) -> None:
        """End a duel as if there had been no alarm."""
        if self._duel is not None:
            self._duel, self.ceiling = None, self._before_alarm
            self._probe_at = now + self._policy.patience_seconds
        self._begin_trial(now)


def _idle() -> float:
    return 0.0
