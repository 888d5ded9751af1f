"""Opens the experts' model with its budget and its journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from engine import ChatClient, open_journal
from toolace_mt.auditing.panel import Panel
from toolace_mt.checks.experts import EXPERTS
from toolace_mt.config import GenerateConfig, load_config
from toolace_mt.errors import ConfigError
from toolace_mt.models import open_models
from toolace_mt.spending import budget_for, gates_for, price_for

__all__ = ["ExpertSettings", "check_experts", "open_panel"]

_JOURNAL = "experts.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertSettings:
    """Whom to ask (as in ``generate``), how often for each verdict (an odd number), and what it may cost."""

    model: str
    model_name: str | None = None
    key_file: Path | None = None
    asks: int = 3
    max_tokens: int | None = None
    max_usd: float | None = None
    max_requests: int | None = None
    rpm: int | None = None
    tpm: int | None = None


def check_experts(settings: ExpertSettings | None, chosen: frozenset[str]) -> None:
    """Raise ConfigError where the rules that are chosen and the model that is given do not go together."""
    experts = {expert.code for expert in EXPERTS}
    if settings is None:
        if chosen and chosen <= experts:
            raise ConfigError("the rules TA8 are judged by a model: name one with --model")
        return
    if not chosen & experts:
        raise ConfigError(
            f"--model {settings.model}: none of the rules TA8 is chosen, so nothing would be asked"
        )
    if settings.asks < 1 or settings.asks % 2 == 0:
        raise ConfigError(f"--asks {settings.asks}: a majority needs an odd number, such as 3")


@asynccontextmanager
async def open_panel(
    settings: ExpertSettings, chosen: frozenset[str], out: Path | None
) -> AsyncIterator[Panel]:
    """Open the model; with ``out``, answers are kept there and never paid for twice.

    Raise ConfigError, UnusableModel, UnknownPrice or JournalError.
    """
    config = _config(settings)
    async with AsyncExitStack() as stack:
        endpoints = await open_models(config, stack)
        model, *others = (endpoint.model for endpoint in endpoints)
        journal = None if out is None else await stack.enter_async_context(open_journal(out / _JOURNAL))
        budget = budget_for(config, price_for(config, model.name), journal)
        client = ChatClient(model, others=others, gates=gates_for(config, endpoints, budget), journal=journal)
        experts = [expert for expert in EXPERTS if expert.code in chosen]
        yield Panel(client, experts, asks=settings.asks)


def _config(settings: ExpertSettings) -> GenerateConfig:
    given = {
        "model": settings.model,
        "model_name": settings.model_name,
        "key_file": settings.key_file,
        "max_tokens": settings.max_tokens,
        "max_usd": settings.max_usd,
        "max_requests": settings.max_requests,
        "rpm": settings.rpm,
        "tpm": settings.tpm,
    }
    return load_config(None, {name: value for name, value in given.items() if value is not None})
