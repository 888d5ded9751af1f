"""The composition root: everything that a run of ``generate`` opens, in order, and closes in reverse."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import toolace_mt
from engine import (
    FREE,
    AdaptiveWidth,
    Budget,
    BudgetLimits,
    ChatClient,
    ChatModel,
    EventStream,
    FixedWidth,
    Gates,
    Journal,
    Price,
    RequestWindow,
    TokenRate,
    Usage,
    amount_of,
    open_journal,
    price_of,
)
from sandbox import Pack, Runtime, open_pack, open_runtime
from toolace_mt.config import GenerateConfig
from toolace_mt.errors import ConfigError, RunFolderError
from toolace_mt.pipeline import Pipeline
from toolace_mt.run_log import LOG_NAME, logging_to
from toolace_mt.stages.judge import Judge, ModelJudge, RuleJudge
from toolace_mt.stages.refine import Refiner
from toolace_mt.store import JOURNAL_NAME, Store

__all__ = ["Assembly", "assemble"]

_LOCAL_DIALOGUES = 4
_REMOTE_DIALOGUES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The open parts of a run.  ``width`` is how many dialogues may live at once."""

    config: GenerateConfig
    store: Store
    client: ChatClient
    budget: Budget
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
        model = await _open_model(config, stack)
        runtime = await stack.enter_async_context(
            open_runtime(workers=config.workers, required=config.isolation)
        )
        _make_folder(config)
        journal = await stack.enter_async_context(open_journal(config.out / JOURNAL_NAME))
        store = Store(config.out, journal)
        _refuse_a_run_that_is_there(config, store)
        await store.claim(_identity(config, packs, model.name))
        stack.enter_context(logging_to(config.out / LOG_NAME, events))
        price = _price(config, model.name)
        budget = _budget(config, price, journal, events)
        yield Assembly(
            config=config,
            store=store,
            client=ChatClient(model, gates=_gates(config, budget, events), journal=journal, events=events),
            budget=budget,
            pipeline=_pipeline(config, runtime, packs),
            runtime=runtime,
            price=price,
            width=config.concurrency or (_LOCAL_DIALOGUES if _in_process(config) else _REMOTE_DIALOGUES),
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


async def _open_model(config: GenerateConfig, stack: AsyncExitStack) -> ChatModel:
    kind, _, rest = config.model.partition(":")
    if kind in {"http", "https"}:
        return await _open_endpoint(config, stack)
    match kind:
        case "local":
            from engine.chat.llama_cpp import EMBEDDED_MODEL, embedded_weights, open_llama_cpp

            return await stack.enter_async_context(
                open_llama_cpp(embedded_weights(), name=EMBEDDED_MODEL, small=True)
            )
        case "gguf":
            from engine.chat.llama_cpp import open_llama_cpp

            path = Path(rest)
            name = config.model_name or path.stem
            return await stack.enter_async_context(open_llama_cpp(path, name=name))
        case "cassette":
            from engine.chat.cassette import CassetteModel

            return CassetteModel.read(Path(rest))
        case _:
            raise ConfigError(
                f"--model {config.model}: use local, the address of an OpenAI-compatible endpoint, "
                "gguf:PATH or cassette:PATH"
            )


async def _open_endpoint(config: GenerateConfig, stack: AsyncExitStack) -> ChatModel:
    from engine.chat.openai_http import ApiKey, open_openai

    if config.model_name is None:
        raise ConfigError(f"--model {config.model}: name the model there with --model-name")
    key = ApiKey.find(os.environ, config.key_file)
    return await stack.enter_async_context(open_openai(config.model, config.model_name, key=key))


def _in_process(config: GenerateConfig) -> bool:
    return not config.model.startswith(("http:", "https:"))


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
    return FREE if _in_process(config) else price_of(model)


def _budget(config: GenerateConfig, price: Price | None, journal: Journal, events: EventStream) -> Budget:
    totals = journal.totals().values()
    usage = sum((total.usage for total in totals), Usage())
    spent = amount_of(sum(total.requests for total in totals), usage, price)
    limits = BudgetLimits(requests=config.max_requests, tokens=config.max_tokens, usd=config.max_usd)
    return Budget(limits, price=price, spent=spent, events=events)


def _gates(config: GenerateConfig, budget: Budget, events: EventStream) -> Gates:
    # A model in this process has a fixed number of slots of its own; there is nothing to adapt to.
    width = FixedWidth(1_000) if _in_process(config) else AdaptiveWidth()
    return Gates(
        requests=RequestWindow(width=width, requests_per_minute=config.rpm, events=events),
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
