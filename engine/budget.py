"""What a run may spend: pledged at its worst before a request, settled with the usage after it.

``spent + pledged <= limit`` holds at every moment as long as a server's usage stays within what was pledged
for it; usage beyond the pledge is booked as it is and shows as ``overrun``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import anyio

from engine.errors import BudgetSpent, UnknownPrice
from engine.events import BudgetRanShort, EventStream
from engine.prices import Amount, Price, amount_of, amount_of_tokens, most_prompt_tokens
from engine.types import ChatRequest, Usage
from engine.waiting import WaitingLine

__all__ = ["Budget", "BudgetLimits", "BudgetStatistics", "Pledge"]

# A dialogue may cost more than the mean of those before it.
_MARGIN = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLimits:
    """The most that may be spent; None is no limit."""

    requests: int | None = None
    tokens: int | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStatistics:
    """``usd`` is None when the model's price is not known."""

    spent: Amount
    pledged: Amount
    limits: BudgetLimits
    usd: float | None
    overrun: Amount
    waiting: int
    open_dialogues: int


class Pledge:
    """An amount set aside for one request; settled or refunded exactly once."""

    __slots__ = ("_budget", "_ended", "amount", "order")

    def __init__(self, budget: Budget, order: int, amount: Amount) -> None:
        self._budget = budget
        self._ended = False
        self.order = order
        self.amount = amount

    def settle(self, usage: Usage) -> None:
        """Pay what the request really cost and free the rest."""
        self._end()
        self._budget._settle(self, amount_of(1, usage, self._budget._price))

    def refund(self) -> None:
        """Free all of it: the request cost nothing."""
        self._end()
        self._budget._settle(self, Amount())

    def _end(self) -> None:
        if self._ended:
            raise RuntimeError("a pledge was ended twice")
        self._ended = True


class Budget:
    """The purse of one run, and the judge of whether a new dialogue may open.

    ``spent`` is what earlier sessions of the same run have paid.  ``expected`` is what one dialogue is
    thought to cost until one has finished.  Raises ``UnknownPrice`` if money is limited and there is no
    price.
    """

    def __init__(
        self,
        limits: BudgetLimits,
        *,
        price: Price | None = None,
        spent: Amount | None = None,
        expected: Amount | None = None,
        events: EventStream | None = None,
    ) -> None:
        if limits.usd is not None and price is None:
            raise UnknownPrice(
                "a limit in dollars needs the model's price: give its usd per million tokens, or limit tokens"
            )
        self._limits = limits
        self._price = price
        self._most = (
            math.inf if limits.requests is None else limits.requests,
            math.inf if limits.tokens is None else limits.tokens,
            math.inf if limits.usd is None else round(limits.usd * 10**12),
        )
        self._spent = spent or Amount()
        self._pledged = Amount()
        self._overrun = Amount()
        self._largest_pledge = Amount()
        self._forecast = _Forecast(expected)
        self._events = events or EventStream()
        self._line = WaitingLine[Pledge](self._take, self._give_back)
        self._changed: anyio.Event | None = None  # only while a dialogue waits to open
        self._ran_short = False
        self._broke = False

    async def pledge(self, order: int, request: ChatRequest) -> Pledge:
        """Set the request's worst case aside.

        Wait while only other pledges stand in the way; raise ``BudgetSpent`` when it can never fit.
        """
        pledge = Pledge(self, order, self.worst_case(request))
        await self._line.enter(order, pledge)
        return pledge

    def worst_case(self, request: ChatRequest) -> Amount:
        return amount_of_tokens(1, most_prompt_tokens(request), request.max_tokens, self._price)

    async def open_dialogue(self, order: int) -> bool:
        """Tell whether a new dialogue may open, and count it among the open ones if so.

        While what is left is kept for the open dialogues, wait for one of them to spend less than feared
        or to end.  False means that no dialogue will open any more.
        """
        while not self._has_room():
            if self._broke or not self._forecast.open_dialogues:
                self._run_short()
                return False
            self._run_short()
            self._changed = self._changed or anyio.Event()
            await self._changed.wait()
        self._ran_short = False
        self._forecast.open(order)
        return True

    def close_dialogue(self, order: int) -> None:
        """Count a dialogue as finished."""
        self._forecast.close(order)
        self._tell_change()

    def statistics(self) -> BudgetStatistics:
        return BudgetStatistics(
            spent=self._spent,
            pledged=self._pledged,
            limits=self._limits,
            usd=None if self._price is None else self._spent.usd,
            overrun=self._overrun,
            waiting=self._line.waiting,
            open_dialogues=self._forecast.open_dialogues,
        )

    def _settle(self, pledge: Pledge, cost: Amount) -> None:
        self._pledged -= pledge.amount
        self._spent += cost
        self._forecast.spend(pledge.order, cost)
        tokens = cost.tokens - pledge.amount.tokens
        picodollars = cost.picodollars - pledge.amount.picodollars
        if tokens > 0 or picodollars > 0:
            self._overrun += Amount(0, max(0, tokens), max(0, picodollars))
        self._line.admit()
        self._tell_change()

    def _take(self, pledge: Pledge) -> float | None:
        pledged = self._pledged + pledge.amount
        if not self._covers(self._spent + pledged):
            wanted = self._spent + pledge.amount
            if self._covers(wanted):
                return math.inf
            self._broke = True
            self._tell_change()
            raise BudgetSpent(self._shortage(wanted))
        self._pledged = pledged
        self._largest_pledge = _larger(self._largest_pledge, pledge.amount)
        return None

    def _give_back(self, pledge: Pledge) -> None:
        self._pledged -= pledge.amount
        self._tell_change()

    def _tell_change(self) -> None:
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set()

    def _covers(self, amount: Amount) -> bool:
        requests, tokens, picodollars = self._most
        return amount.requests <= requests and amount.tokens <= tokens and amount.picodollars <= picodollars

    def _shortage(self, wanted: Amount) -> str:
        requests, tokens, _ = self._most
        if wanted.requests > requests:
            return f"the budget of {self._limits.requests} requests is spent: raise it and resume"
        if wanted.tokens > tokens:
            return (
                f"the budget of {self._limits.tokens} tokens cannot pay for a request of up to "
                f"{wanted.tokens - self._spent.tokens}: raise it and resume"
            )
        return f"the budget of {self._limits.usd} US dollars is spent: raise it and resume"

    def _has_room(self) -> bool:
        if self._broke:
            return False
        if not self._forecast.open_dialogues and not self._forecast.has_evidence:
            return self._covers(self._spent + Amount(1, 1, 0))  # the first is let in on trust
        beside = self._spent + self._largest_pledge
        # the bound is quick to find and settles the question until the budget is nearly spent
        return self._covers(beside + self._forecast.bound()) or self._covers(beside + self._forecast.needed())

    def _run_short(self) -> None:
        if not self._ran_short:
            self._ran_short = True
            self._events.emit(
                BudgetRanShort(
                    open_dialogues=self._forecast.open_dialogues,
                    reason="what is left is kept for the open dialogues",
                )
            )


class _Forecast:
    """What the open dialogues, and one more, are likely still to cost."""

    def __init__(self, expected: Amount | None) -> None:
        self._expected = expected
        self._open: dict[int, Amount] = {}
        self._largest = Amount()  # the best guess as long as none has finished
        self._finished = 0
        self._finished_total = Amount()
        self._finished_each = Amount()  # their mean with a margin, kept because it is asked for all the time

    @property
    def open_dialogues(self) -> int:
        return len(self._open)

    @property
    def has_evidence(self) -> bool:
        return self._finished > 0

    def open(self, order: int) -> None:
        self._open[order] = Amount()

    def spend(self, order: int, cost: Amount) -> None:
        if order in self._open:
            self._open[order] += cost
            if not self._finished:
                self._largest = _larger(self._largest, self._open[order])

    def close(self, order: int) -> None:
        cost = self._open.pop(order, Amount())
        if cost.requests:  # one that only replayed the journal tells nothing
            self._finished += 1
            self._finished_total += cost
            self._finished_each = self._mean_of_finished()

    def bound(self) -> Amount:
        """Give an amount that ``needed`` never exceeds."""
        each = self._each()
        count = len(self._open) + 1
        return Amount(each.requests * count, each.tokens * count, each.picodollars * count)

    def needed(self) -> Amount:
        """Give what the open dialogues have not spent of what one costs, and the cost of one more."""
        each = self._each()
        requests, tokens, picodollars = each.requests, each.tokens, each.picodollars
        for used in self._open.values():
            requests += max(0, each.requests - used.requests)
            tokens += max(0, each.tokens - used.tokens)
            picodollars += max(0, each.picodollars - used.picodollars)
        return Amount(requests, tokens, picodollars)

    def _each(self) -> Amount:
        if self._finished:
            return self._finished_each
        if self._expected is not None:
            return self._expected
        return self._largest

    def _mean_of_finished(self) -> Amount:
        scale = _MARGIN / self._finished
        total = self._finished_total
        return Amount(
            math.ceil(total.requests * scale),
            math.ceil(total.tokens * scale),
            math.ceil(total.picodollars * scale),
        )


def _larger(one: Amount, other: Amount) -> Amount:
    if one.requests >= other.requests and one.tokens >= other.tokens and one.picodollars >= other.picodollars:
        return one  # nearly always, and it makes nothing new
    return Amount(
        max(one.requests, other.requests),
        max(one.tokens, other.tokens),
        max(one.picodollars, other.picodollars),
    )
