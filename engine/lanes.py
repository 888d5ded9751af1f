"""One endpoint as the request window sees it: how much may be in flight there, its pauses and its health."""

from __future__ import annotations

from dataclasses import dataclass

from engine.width import AdaptiveWidth, FixedWidth

__all__ = ["Lane", "LaneStatistics"]

_FIRST_REST_SECONDS = 1.0
_LONGEST_REST_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStatistics:
    """``is_resting`` means that the endpoint failed and gets one request at a time until one is answered."""

    name: str
    weight: float
    width: int
    ceiling: int | None
    in_flight: int
    closed_until: float
    is_resting: bool


class Lane:
    """The requests to one endpoint.  Purely synchronous; the caller brings the time.

    Each endpoint gets requests in proportion to its ``weight`` as long as it has room.
    """

    def __init__(
        self, name: str = "", *, weight: float = 1.0, width: AdaptiveWidth | FixedWidth | None = None
    ) -> None:
        if weight <= 0:
            raise ValueError(f"an endpoint's weight must be above 0, not {weight}")
        self.name = name
        self.weight = weight
        self.learned = width or AdaptiveWidth()
        self.chosen: FixedWidth | None = None
        self.in_flight = 0
        self.closed_until = 0.0
        self.is_unusable = False
        self._failures = 0
        self._rested_at = float("-inf")

    @property
    def width(self) -> int:
        return self.learned.width if self.chosen is None else self.chosen.width

    @property
    def is_resting(self) -> bool:
        return self._failures > 0

    def opens_at(self, now: float) -> float | None:
        """None when a request may be sent now, else when asking may help (infinity: after a release)."""
        if self.in_flight >= (1 if self._failures else self.width):
            return float("inf")
        return self.closed_until if now < self.closed_until else None

    def close_until(self, until: float) -> bool:
        """Obey a wish for a pause; True when the lane was open."""
        was_open = self.closed_until < until
        self.closed_until = max(until, self.closed_until)
        return was_open

    def failed(self, now: float, *, sent_at: float) -> float | None:
        """Learn of an outage and give the seconds to rest; None when it belongs to one that is known."""
        if sent_at <= self._rested_at:
            return None
        seconds = (
            _LONGEST_REST_SECONDS
            if self.is_unusable
            else min(_LONGEST_REST_SECONDS, _FIRST_REST_SECONDS * 2.0 ** min(self._failures, 16))
        )
        self._failures += 1
        self._rested_at = now
        self.closed_until = max(self.closed_until, now + seconds)
        return seconds

    def recovered(self) -> bool:
        """Learn of an answer; True when the endpoint was resting."""
        was_resting = self._failures > 0
        self._failures = 0
        self.is_unusable = False
        return was_resting

    def statistics(self) -> LaneStatistics:
        return LaneStatistics(
            name=self.name,
            weight=self.weight,
            width=self.width,
            ceiling=self.learned.ceiling,
            in_flight=self.in_flight,
            closed_until=self.closed_until,
            is_resting=self.is_resting,
        )
