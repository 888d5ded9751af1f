"""Generate dialogues: many attempts at once, each stored as it ends, the files written when the run stops."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.from_thread
import orjson

from engine import (
    BudgetSpent,
    Done,
    EngineError,
    EventStream,
    Failed,
    Job,
    RunControl,
    StopReason,
    run_jobs,
)
from toolace_mt.assemble import Assembly, assemble
from toolace_mt.config import GenerateConfig
from toolace_mt.errors import RunFolderError
from toolace_mt.events import DialogueEnded, RunOpened
from toolace_mt.labelling import labelled
from toolace_mt.ledger import ledger_of, write_ledger
from toolace_mt.outcome import Outcome
from toolace_mt.pipeline import Attempt
from toolace_mt.quota import Quota
from toolace_mt.session import Session

__all__ = ["Run", "generate", "generate_async"]

_SECONDS_BEFORE = "wall_seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that has stopped: its folder, its ledger (see ``ledger.json``), and why it stopped.

    ``failed`` maps the ids of attempts that got no verdict to the reason; they are tried again on resume.
    """

    folder: Path
    ledger: dict[str, Any]
    stop: StopReason
    failed: dict[str, str]

    @property
    def dialogues(self) -> Path:
        return self.folder / "dialogues.jsonl"


def generate(config: GenerateConfig) -> Run:
    """Run ``generate_async`` and wait for it, also beside a running event loop."""
    with anyio.from_thread.start_blocking_portal() as portal:
        return portal.call(generate_async, config)


async def generate_async(
    config: GenerateConfig,
    events: EventStream | None = None,
    *,
    opened: Callable[[RunControl], None] | None = None,
) -> Run:
    """Make dialogues until ``config.count`` are accepted, the attempts run out, or the budget does.

    Everything that happens is an event on ``events``; ``opened`` is called once, with what steers the run.
    However the run ends, the files are written from what is stored.  Raises ``ToolaceError``,
    ``EngineError`` or ``SandboxError``.
    """
    stream = events or EventStream()
    async with assemble(config, stream) as assembly:
        stream.emit(
            RunOpened(
                wanted=config.count,
                model=assembly.client.name,
                isolation=str(assembly.runtime.isolation),
                out=str(config.out),
            )
        )
        if opened is not None:
            opened(assembly.control)
        return await _Stretch(assembly, stream).run()


class _Stretch:
    """One stretch of a run, from its start or a resume to its stop."""

    def __init__(self, assembly: Assembly, events: EventStream) -> None:
        self._assembly = assembly
        self._events = events
        self._quota = Quota(assembly.config.count, most=assembly.config.most_attempts)
        self._failed: dict[str, str] = {}
        self._began_at = time.monotonic()

    async def run(self) -> Run:
        journal = self._assembly.store.journal
        session = Session.begin(
            journal,
            model=self._assembly.client.name,
            wanted=self._assembly.config.count,
            price=self._assembly.price,
        )
        await session.note(journal)
        ended = "interrupted"
        try:
            summary = await run_jobs(
                self._jobs(),
                self._make,
                width=self._assembly.width,
                events=self._events,
                budget=self._assembly.budget,
                on_end=self._end,
                control=self._assembly.control,
            )
            stop = summary.stop
            ended = stop.value
        except EngineError:
            ended = "failed"
            raise
        finally:
            with anyio.CancelScope(shield=True):
                seconds = self._seconds()
                ledger = self._written_files(seconds)
                await journal.set_meta(_SECONDS_BEFORE, orjson.dumps(seconds).decode())
                await session.ended(ended).note(journal)
        return Run(
            folder=self._assembly.config.out,
            ledger=ledger,
            stop=stop,
            failed=dict(sorted(self._failed.items())),
        )

    async def _jobs(self) -> AsyncIterator[Job[Attempt]]:
        """The attempts that are still to be made; those that are stored count at once."""
        async for number in self._quota.numbers():
            attempt = Attempt(number=number, run_seed=self._assembly.config.seed)
            stored = self._assembly.store.finished(attempt.id)
            if stored is None:
                yield Job(key=attempt.id, order=number, payload=attempt)
            else:
                self._count(attempt, stored, replayed=True)

    async def _make(self, job: Job[Attempt]) -> Outcome:
        model = self._assembly.client.for_job(job.order)
        try:
            outcome = await self._assembly.pipeline.make(job.payload, model)
        except BudgetSpent:
            self._quota.close()  # else the next number waits for this attempt, which never ends
            raise
        if self._assembly.config.is_simulated:
            outcome = labelled(outcome, model.name)
        await self._assembly.store.keep(job.key, outcome)
        return outcome

    async def _end(self, end: Done[Attempt, Outcome] | Failed[Attempt]) -> None:
        match end:
            case Done(job=job, result=outcome):
                self._count(job.payload, outcome, replayed=False)
            case Failed(job=job, error=error):
                self._failed[job.key] = str(error)
                self._quota.ended(accepted=False)

    def _count(self, attempt: Attempt, outcome: Outcome, *, replayed: bool) -> None:
        accepted = outcome.status == "accepted"
        self._quota.ended(accepted=accepted)
        messages = outcome.record["messages"]
        self._events.emit(
            DialogueEnded(
                id=attempt.id,
                accepted=accepted,
                rule=outcome.rule,
                turns=len(messages),
                calls=sum(len(message.get("tool_calls") or ()) for message in messages),
                replayed=replayed,
            )
        )

    def _seconds(self) -> float:
        """How long the run has taken in all its sessions."""
        before = float(orjson.loads(self._assembly.store.journal.meta(_SECONDS_BEFORE) or "0"))
        return before + time.monotonic() - self._began_at

    def _written_files(self, seconds: float) -> dict[str, Any]:
        try:
            return self._write_files(seconds)
        except OSError as error:
            raise RunFolderError(
                f"cannot write {error.filename}: {error.strerror}: all that was made is in the journal; "
                "mend that and resume"
            ) from error

    def _write_files(self, seconds: float) -> dict[str, Any]:
        """Write the data files and the ledger; nothing can interrupt it."""
        store = self._assembly.store
        store.journal.flush()
        store.write_files(self._assembly.config.count)
        ledger = ledger_of(
            store.journal,
            wanted=self._assembly.config.count,
            strategy=self._assembly.config.strategy,
            model=self._assembly.client.name,
            price=self._assembly.price,
            wall_seconds=seconds,
        )
        ledger["isolation"] = str(self._assembly.runtime.isolation.level)
        write_ledger(store.folder, ledger)
        return ledger
