"""What requests cost: counted in whole requests, tokens and picodollars, so that sums are exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from engine.canonical import canonical_json
from engine.types import ChatRequest, Usage

__all__ = [
    "FREE",
    "LIST_PRICES",
    "Amount",
    "Price",
    "amount_of",
    "amount_of_tokens",
    "likely_tokens",
    "most_prompt_tokens",
    "price_of",
]

_PICODOLLARS = 10**12

# Chat templates wrap a message in a few special tokens; 16 is more than any known template uses.
_TOKENS_PER_MESSAGE = 16
_LETTERS_PER_TOKEN = 3.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens."""

    prompt_usd_per_million: float
    completion_usd_per_million: float

    def picodollars(self, *, prompt_tokens: int, completion_tokens: int) -> int:
        return prompt_tokens * round(self.prompt_usd_per_million * 1e6) + completion_tokens * round(
            self.completion_usd_per_million * 1e6
        )

    def usd(self, usage: Usage) -> float:
        """Give what ``usage`` costs in dollars."""
        pico = self.picodollars(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens)
        return pico / _PICODOLLARS


FREE = Price(prompt_usd_per_million=0.0, completion_usd_per_million=0.0)

# The vendor's public list prices in the middle of 2025; a price in the configuration comes first.
LIST_PRICES: Mapping[str, Price] = MappingProxyType(
    {
        "gpt-4o": Price(prompt_usd_per_million=2.5, completion_usd_per_million=10.0),
        "gpt-4o-mini": Price(prompt_usd_per_million=0.15, completion_usd_per_million=0.6),
        "gpt-4.1": Price(prompt_usd_per_million=2.0, completion_usd_per_million=8.0),
        "gpt-4.1-mini": Price(prompt_usd_per_million=0.4, completion_usd_per_million=1.6),
        "gpt-4.1-nano": Price(prompt_usd_per_million=0.1, completion_usd_per_million=0.4),
    }
)


def price_of(model: str, table: Mapping[str, Price] = LIST_PRICES) -> Price | None:
    """Give the price listed under exactly this name; None when there is none: a price is never guessed."""
    return table.get(model)


class Amount(NamedTuple):
    """So many requests, tokens and picodollars.

    A tuple, because every request adds and takes away a dozen of these: a frozen dataclass takes three times
    as long to make.
    """

    requests: int = 0
    tokens: int = 0
    picodollars: int = 0

    @property
    def usd(self) -> float:
        return self.picodollars / _PICODOLLARS

    def __add__(self, other: Amount) -> Amount:  # type: ignore[override]  # a sum, not a longer tuple
        return Amount(
            self.requests + other.requests,
            self.tokens + other.tokens,
            self.picodollars + other.picodollars,
        )

    def __sub__(self, other: Amount) -> Amount:
        return Amount(
            self.requests - other.requests,
            self.tokens - other.tokens,
            self.picodollars - other.picodollars,
        )


def amount_of(requests: int, usage: Usage, price: Price | None) -> Amount:
    """Give what so many requests with this usage cost; no picodollars when there is no price."""
    return amount_of_tokens(requests, usage.prompt_tokens, usage.completion_tokens, price)


def amount_of_tokens(
    requests: int, prompt_tokens: int, completion_tokens: int, price: Price | None
) -> Amount:
    """The same for tokens that nobody has used yet."""
    pico = 0
    if price is not None:
        pico = price.picodollars(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
    return Amount(requests, prompt_tokens + completion_tokens, pico)


def most_prompt_tokens(request: ChatRequest) -> int:
    """Bound a prompt's tokens from above: a token is never less than one byte.

    A schema is counted twice: it may be sent beside the prompt and written into it.
    """
    total = 2 * _TOKENS_PER_MESSAGE + 2 * _schema_letters(request)
    for message in request.messages:
        content = message.content
        letters = len(content) if content.isascii() else len(content.encode("utf-8", "surrogatepass"))
        total += letters + _TOKENS_PER_MESSAGE
    return total


def likely_tokens(request: ChatRequest) -> int:
    """Guess what the request will weigh in a rate limit: its prompt, and the whole of ``max_tokens``."""
    letters = sum(len(message.content) for message in request.messages) + _schema_letters(request)
    return int(letters / _LETTERS_PER_TOKEN) + 4 * len(request.messages) + request.max_tokens


def _schema_letters(request: ChatRequest) -> int:
    # half as much again: a server may write it with spaces
    return 0 if request.schema is None else len(canonical_json(request.schema)) * 3 // 2 + 200
