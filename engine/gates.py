"""All gates in their one order, and the lease that a request holds while it is with the server.

Every request passes the gates in one order: live dialogues (``run_jobs``) → budget → tokens in flight →
tokens per minute → request window.  Whoever waits at a gate holds only what earlier gates gave, and what a
later gate gave is released without waiting for anything, so no circle of waiting can close.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from engine.budget import Budget, BudgetStatistics, Pledge
from engine.limits import (
    FlightStatistics,
    RateStatistics,
    TokenRate,
    TokensInFlight,
)
from engine.prices import likely_tokens
from engine.request_window import RequestWindow, Slot, WindowStatistics
from engine.types import ChatRequest, Usage
from engine.windows import WindowEntry

__all__ = ["Abandoned", "Answered", "GateOutcome", "Gates", "GatesStatistics", "Lease", "Refused"]

# A prompt token is read many times faster than a completion token is written.
_PROMPT_WORK = 1 / 16


@dataclass(frozen=True, slots=True)
class Answered:
    """The server answered and this is what it cost."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Refused:
    """The server did not answer: a refusal, an outage or a time-out.  It costs nothing.

    ``is_unusable`` means that it will not answer until the configuration changes.
    """

    overload: bool = False
    retry_after: float | None = None
    is_unusable: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Nothing can be learned of the server: the caller gave up, or the request itself was wrong."""


GateOutcome = Answered | Refused | Abandoned


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesStatistics:
    """One snapshot of every gate; None for a gate that does not exist."""

    requests: WindowStatistics
    budget: BudgetStatistics | None
    tokens_in_flight: FlightStatistics | None
    token_rate: RateStatistics | None


class Gates:
    """Lets requests through; a gate that is None stands open."""

    def __init__(
        self,
        *,
        requests: RequestWindow | None = None,
        budget: Budget | None = None,
        tokens_in_flight: TokensInFlight | None = None,
        token_rate: TokenRate | None = None,
    ) -> None:
        self.requests = requests or RequestWindow()
        self.budget = budget
        self.tokens_in_flight = tokens_in_flight
        self.token_rate = token_rate

    async def admit(self, order: int, request: ChatRequest) -> Lease:
        """Wait until the request may be sent; ``order`` is its dialogue's, and the oldest goes first.

        Raises ``BudgetSpent``.  A cancelled wait holds nothing.
        """
        lease = Lease(self)
        try:
            if self.budget is not None:
                lease.pledge = await self.budget.pledge(order, request)
            if self.tokens_in_flight is not None:
                lease.tokens = await self.tokens_in_flight.enter(order, likely_tokens(request))
            if self.token_rate is not None:
                lease.entry = await self.token_rate.enter(order, likely_tokens(request))
            lease.slot = await self.requests.enter(order)
        except BaseException:
            lease.release(Abandoned())
            raise
        return lease

    def statistics(self) -> GatesStatistics:
        return GatesStatistics(
            requests=self.requests.statistics(),
            budget=None if self.budget is None else self.budget.statistics(),
            tokens_in_flight=None if self.tokens_in_flight is None else self.tokens_in_flight.statistics(),
            token_rate=None if self.token_rate is None else self.token_rate.statistics(),
        )


class Lease:
    """What one request holds of each gate; released exactly once, with its outcome."""

    __slots__ = ("_gates", "entry", "is_released", "pledge", "slot", "tokens")

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self.is_released = False
        self.pledge: Pledge | None = None
        self.tokens: int | None = None
        self.entry: WindowEntry | None = None
        self.slot: Slot | None = None

    @property
    def lane(self) -> int:
        """The number of the endpoint that the request goes to."""
        return 0 if self.slot is None else self.slot.lane

    def release(self, outcome: GateOutcome) -> None:
        """Give everything back, the last gate first; a second release is a bug and raises RuntimeError."""
        if self.is_released:
            raise RuntimeError("a lease was released twice")
        self.is_released = True
        self._leave_window(outcome)
        self._leave_token_gates(outcome)
        if self.pledge is not None:
            if isinstance(outcome, Answered):
                self.pledge.settle(outcome.usage)
            else:
                self.pledge.refund()

    def _leave_window(self, outcome: GateOutcome) -> None:
        if self.slot is None:
            return
        window = self._gates.requests
        match outcome:
            case Answered(usage):
                window.answered(
                    self.slot, work=1 + usage.completion_tokens + usage.prompt_tokens * _PROMPT_WORK
                )
            case Refused(overload, retry_after, is_unusable, reason):
                window.refused(
                    self.slot,
                    overload=overload,
                    retry_after=retry_after,
                    is_unusable=is_unusable,
                    reason=reason,
                )
            case Abandoned():
                window.abandoned(self.slot)
            case _:
                assert_never(outcome)

    def _leave_token_gates(self, outcome: GateOutcome) -> None:
        if self.entry is not None and self._gates.token_rate is not None:
            if isinstance(outcome, Answered):
                self._gates.token_rate.correct(self.entry, outcome.usage.total_tokens)
            elif self.slot is None:  # never sent; a sent request keeps its weight: the server may count it
                self._gates.token_rate.correct(self.entry, 0)
        if self.tokens is not None and self._gates.tokens_in_flight is not None:
            self._gates.tokens_in_flight.leave(self.tokens)
