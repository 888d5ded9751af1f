"""What may be spent on a model, and how many requests to it may be open, by a configuration."""

from __future__ import annotations

from collections.abc import Sequence

from engine import (
    FREE,
    AdaptiveWidth,
    Amount,
    Budget,
    BudgetLimits,
    EventStream,
    FixedWidth,
    Gates,
    Journal,
    Lane,
    Price,
    RequestWindow,
    TokenRate,
    Usage,
    amount_of,
    own_seconds,
    price_of,
)
from toolace_mt.config import GenerateConfig
from toolace_mt.models import Endpoint

__all__ = ["budget_for", "gates_for", "price_for"]

# The means of 20 dialogues with a judge that is a model, rounded up.  Without a guess, all 64 would open on
# a budget that pays for two.
_USUAL_REQUESTS = 32
_USUAL_USAGE = Usage(prompt_tokens=4_500, completion_tokens=400)


def price_for(config: GenerateConfig, model: str) -> Price | None:
    """Give the price that is configured, else the one that is known; None if there is none."""
    if config.price is not None:
        return Price(
            prompt_usd_per_million=config.price.prompt, completion_usd_per_million=config.price.completion
        )
    return FREE if config.is_in_process or config.is_simulated else price_of(model)


def budget_for(
    config: GenerateConfig,
    price: Price | None,
    journal: Journal | None,
    *,
    of_dialogues: bool = False,
    events: EventStream | None = None,
) -> Budget:
    """Open a budget less what the journal says was spent.

    ``of_dialogues`` tells that each of its jobs makes a dialogue, so that a first one's cost can be guessed.
    """
    totals = [] if journal is None else [*journal.totals().values()]
    usage = sum((total.usage for total in totals), Usage())
    requests = sum(total.requests for total in totals)
    finished = 0 if journal is None else sum(journal.job_counts().values())
    return Budget(
        BudgetLimits(requests=config.max_requests, tokens=config.max_tokens, usd=config.max_usd),
        price=price,
        spent=amount_of(requests, usage, price),
        expected=_expected(requests, usage, finished, price) if of_dialogues else None,
        events=events,
    )


def _expected(requests: int, usage: Usage, finished: int, price: Price | None) -> Amount:
    """What a dialogue is thought to cost: what those before it did, else what is usual."""
    if not finished or not requests:
        return amount_of(_USUAL_REQUESTS, _USUAL_USAGE, price)
    each = Usage(
        prompt_tokens=usage.prompt_tokens // finished, completion_tokens=usage.completion_tokens // finished
    )
    return amount_of(requests // finished, each, price)


def gates_for(
    config: GenerateConfig, endpoints: Sequence[Endpoint], budget: Budget, events: EventStream | None = None
) -> Gates:
    """Give each endpoint a width of its own, and all of them the configured rates."""
    lanes = [
        # A model in this process has a fixed number of slots of its own; there is nothing to adapt to.
        Lane(
            endpoint.label,
            weight=endpoint.weight,
            width=FixedWidth(1_000) if config.is_in_process else AdaptiveWidth(own_seconds=own_seconds),
        )
        for endpoint in endpoints
    ]
    return Gates(
        requests=RequestWindow(lanes=lanes, requests_per_minute=config.rpm, events=events),
        budget=budget,
        token_rate=TokenRate(config.tpm) if config.tpm else None,
    )
