"""The composition root: everything that a run of ``generate`` opens, in order, and closes in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import toolace_mt
from engine import Budget, ChatClient, EventStream, Price, RunControl, open_journal
from sandbox import Pack, Runtime, open_pack, open_runtime, pinned_digests
from toolace_mt.config import GenerateConfig
from toolace_mt.errors import ConfigError, RunFolderError
from toolace_mt.models import open_models
from toolace_mt.pipeline import Pipeline
from toolace_mt.run_log import LOG_NAME, logging_to
from toolace_mt.session import last_session, noting_changes
from toolace_mt.spending import budget_for, gates_for, price_for
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
        price = price_for(config, model.name)
        budget = budget_for(config, price, journal, of_dialogues=True, events=events)
        gates = gates_for(config, endpoints, budget, events)
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
    before = last_session(store.journal)
    accepted = store.journal.job_counts().get("accepted", 0)
    if before is not None and config.count < min(before.wanted, accepted):
        raise RunFolderError(
            f"{config.out} holds {accepted} accepted dialogues, and --count {config.count} is fewer: "
            "ask for as many or more, or choose another --out"
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
