"""The composition root: everything that a run of ``generate`` opens, in order, and closes in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import toolace_mt
from engine import (
    FREE,
    AdaptiveWidth,
    Amount,
    Budget,
    BudgetLimits,
    ChatClient,
    EventStream,
    FixedWidth,
    Gates,
    Journal,
    Lane,
    Price,
    RequestWindow,
    RunControl,
    TokenRate,
    Usage,
    amount_of,
    open_journal,
    price_of,
)
from sandbox import Pack, Runtime, open_pack, open_runtime, pinned_digests
from toolace_mt.config import GenerateConfig
from toolace_mt.errors import ConfigError, RunFolderError
from toolace_mt.models import Endpoint, open_models
from toolace_mt.pipeline import Pipeline
from toolace_mt.run_log import LOG_NAME, logging_to
from toolace_mt.session import noting_changes
from toolace_mt.stages.judge import Judge, ModelJudge, RuleJudge
from toolace_mt.stages.refine import Refiner
from toolace_mt.store import JOURNAL_NAME, Store

__all__ = ["Assembly", "assemble"]

_LOCAL_DIALOGUES = 4
_REMOTE_DIALOGUES = 64

# The means of 20 dialogues with a judge that is a model, rounded up.  Without a guess, all 64 would open on
# a budget that pays for two.
_USUAL_REQUESTS = 32
_USUAL_USAGE = Usage(prompt_tokens=4_500, completion_tokens=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The open parts of a run.  ``width`` is how many dialogues may live at once."""

    config: GenerateConfig
    store: Store
    client: ChatClient
    budget: Budget
    control: RunControl
    pipeline: Pipeline
    runtime: Runtime
    price: Price | None
    width: int


@asynccontextmanager
async def assemble(config: GenerateConfig, events: EventStream) -> AsyncIterator[Assembly]:
    """Open a run's folder, model and sandbox.

    Raises ``ToolaceError``, ``EngineError`` or ``SandboxError``, before anything is written where the fault
    can be seen before.
    """
    packs = tuple(_real_pack(name) for name in config.pack)
    async with AsyncExitStack() as stack:
        endpoints = await open_models(config, stack)
        model = endpoints[0].model
        runtime = await stack.enter_async_context(
            open_runtime(workers=config.workers, required=config.isolation, trusted=pinned_digests())
        )
        for pack in packs:
            runtime.admit(pack)
        _make_folder(config)
        journal = await stack.enter_async_context(open_journal(config.out / JOURNAL_NAME))
        store = Store(config.out, journal)
        _refuse_a_run_that_is_there(config, store)
        await store.claim(_identity(config, packs, model.name))
        stack.enter_context(logging_to(config.out / LOG_NAME, events))
        stack.enter_context(noting_changes(journal, events))
        price = _price(config, model.name)
        budget = _budget(config, price, journal, events)
        gates = _gates(config, endpoints, budget, events)
        yield Assembly(
            config=config,
            store=store,
            client=ChatClient(
                model,
                others=[endpoint.model for endpoint in endpoints[1:]],
                gates=gates,
                journal=journal,
                events=events,
            ),
            budget=budget,
            control=RunControl(gates, events),
            pipeline=_pipeline(config, runtime, packs),
            runtime=runtime,
            price=price,
            width=config.concurrency or (_LOCAL_DIALOGUES if config.is_in_process else _REMOTE_DIALOGUES),
        )


def _real_pack(name: str) -> Pack:
    pack = open_pack(name)
    if pack.mock is not None:
        raise ConfigError(
            f"--pack {name}: its results are made up ({pack.mock}), and dialogues need calls that were "
            "really executed; write its tools.py (see docs/packs.md)"
        )
    return pack


def _refuse_a_run_that_is_there(config: GenerateConfig, store: Store) -> None:
    if store.has_begun and not config.resume:
        raise RunFolderError(
            f"{config.out} holds a run already: add --resume to go on with it, or choose another --out"
        )


def _make_folder(config: GenerateConfig) -> None:
    try:
        config.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(
            f"--out {config.out}: {error.strerror}; choose a folder that can be written"
        ) from None


def _identity(config: GenerateConfig, packs: tuple[Pack, ...], model: str) -> dict[str, Any]:
    """What decides the dialogues.  ``count`` is not in it: a run may be asked for more later."""
    settings = config.model_dump(
        mode="json", include={"seed", "strategy", "injections", "rounds", "repairs", "attempts"}
    )
    return {
        **settings,
        "model": model,
        "packs": [f"{pack.name} {pack.version} {pack.digest[:16]}" for pack in packs],
        "judge": config.judged_by,
        "close_wording": config.keeps_close,
        "version": toolace_mt.__version__,
    }


def _price(config: GenerateConfig, model: str) -> Price | None:
    if config.price is not None:
        return Price(
            prompt_usd_per_million=config.price.prompt, completion_usd_per_million=config.price.completion
        )
    return FREE if config.is_in_process or config.is_simulated else price_of(model)


def _budget(config: GenerateConfig, price: Price | None, journal: Journal, events: EventStream) -> Budget:
    totals = journal.totals().values()
    usage = sum((total.usage for total in totals), Usage())
    requests = sum(total.requests for total in totals)
    limits = BudgetLimits(requests=config.max_requests, tokens=config.max_tokens, usd=config.max_usd)
    return Budget(
        limits,
        price=price,
        spent=amount_of(requests, usage, price),
        expected=_expected(requests, usage, sum(journal.job_counts().values()), price),
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


def _gates(
    config: GenerateConfig, endpoints: Sequence[Endpoint], budget: Budget, events: EventStream
) -> Gates:
    lanes = [
        # A model in this process has a fixed number of slots of its own; there is nothing to adapt to.
        Lane(
            endpoint.label,
            weight=endpoint.weight,
            width=FixedWidth(1_000) if config.is_in_process else AdaptiveWidth(),
        )
        for endpoint in endpoints
    ]
    return Gates(
        requests=RequestWindow(lanes=lanes, requests_per_minute=config.rpm, events=events),
        budget=budget,
        token_rate=TokenRate(config.tpm) if config.tpm else None,
    )


def _pipeline(config: GenerateConfig, runtime: Runtime, packs: tuple[Pack, ...]) -> Pipeline:
    judge: Judge = RuleJudge() if config.judged_by == "rules" else ModelJudge()
    return Pipeline(
        runtime=runtime,
        packs=packs,
        refiner=Refiner(
            judge=judge, strictness="close" if config.keeps_close else "free", attempts=config.attempts
        ),
        injections=config.injections,
        rounds=config.rounds,
        repairs=config.repairs,
    )
