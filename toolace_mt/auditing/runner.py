"""Runs an audit: judges batches in order, in this process or in several, executes, counts and writes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_process

from toolace_mt.auditing.batch import Batch, Judged, batches, judge_batch
from toolace_mt.auditing.environment import Environment, Recorded, with_execution
from toolace_mt.auditing.opening import open_environment
from toolace_mt.auditing.output import AuditFiles, audit_files
from toolace_mt.auditing.report import LEVELS, AuditReport, LocatedFinding, Tally, Verdict
from toolace_mt.checks import choose_rules
from toolace_mt.formats import UnreadableFileError, find_format

__all__ = ["audit", "audit_async"]

_AHEAD_PER_JOB = 2


@dataclass(slots=True)
class _Collected:
    """What is known so far; it outlives an interruption."""

    started: float
    files: AuditFiles | None
    tally: Tally = field(default_factory=Tally)
    findings: list[LocatedFinding] = field(default_factory=list)
    environment: str | None = None
    isolation: str | None = None

    def add(self, verdict: Verdict, text: bytes) -> None:
        self.tally.add(verdict)
        self.findings.extend(verdict.located)
        if self.files is not None:
            self.files.add(verdict, text)

    def report(self, *, interrupted: bool) -> AuditReport:
        tally = self.tally
        return AuditReport(
            records=tally.records,
            dialogues=tally.dialogues,
            calls=tally.calls,
            records_with_errors=tally.records_with_errors,
            levels={level: tally.levels[level] for level in LEVELS},
            rules=dict(sorted(tally.rules.items())),
            outcomes=dict(tally.outcomes),
            findings=tuple(self.findings),
            seconds=time.perf_counter() - self.started,
            environment=self.environment,
            isolation=self.isolation,
            interrupted=interrupted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What to audit and how."""

    paths: tuple[str, ...]
    format: str
    environment: str | None
    chosen: frozenset[str]
    jobs: int


def audit(
    paths: str | Path | Iterable[str | Path],
    *,
    format: str = "auto",
    environment: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    jobs: int = 1,
    out: str | Path | None = None,
) -> AuditReport:
    """Audit files of dialogues; with ``environment`` (see ``open_environment``), execute their calls too.

    ``out`` names a directory for findings.jsonl, summary.json and clean.jsonl.  An interruption from the
    keyboard ends the audit early: the report holds what was found, with ``interrupted`` set.  Raise
    FormatError, UnknownRuleError or EnvironmentUnusableError before anything is read, for wrong input.
    """
    plan = _plan(paths, format, environment, select, ignore, jobs)
    with _files(out) as files:
        collected = _Collected(started=time.perf_counter(), files=files)
        interrupted = False
        try:
            with anyio.from_thread.start_blocking_portal() as portal:  # a notebook has a loop of its own
                portal.call(_run, plan, collected)
        except KeyboardInterrupt:
            interrupted = True
        return _finished(collected, interrupted=interrupted)


async def audit_async(
    paths: str | Path | Iterable[str | Path],
    *,
    format: str = "auto",
    environment: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    jobs: int = 1,
    out: str | Path | None = None,
) -> AuditReport:
    """Do as ``audit`` does, inside a running event loop; a cancellation leaves no files."""
    plan = _plan(paths, format, environment, select, ignore, jobs)
    with _files(out) as files:
        collected = _Collected(started=time.perf_counter(), files=files)
        await _run(plan, collected)
        return _finished(collected, interrupted=False)


def _plan(
    paths: str | Path | Iterable[str | Path],
    dialect: str,
    environment: str | None,
    select: Iterable[str],
    ignore: Iterable[str],
    jobs: int,
) -> _Plan:
    listed = (paths,) if isinstance(paths, (str, Path)) else tuple(paths)
    for path in listed:
        if not Path(path).is_file():
            raise UnreadableFileError(f"no such file: {path}")
    if dialect != "auto":
        find_format(dialect)
    return _Plan(
        paths=tuple(str(path) for path in listed),
        format=dialect,
        environment=environment,
        chosen=choose_rules(select, ignore),
        jobs=max(1, jobs),
    )


def _files(out: str | Path | None) -> AbstractContextManager[AuditFiles | None]:
    return nullcontext() if out is None else audit_files(Path(out))


def _finished(collected: _Collected, *, interrupted: bool) -> AuditReport:
    report = collected.report(interrupted=interrupted)
    if collected.files is not None:
        collected.files.finish(report)
    return report


async def _run(plan: _Plan, collected: _Collected) -> None:
    """Audit; what goes wrong inside task groups is raised as itself."""
    try:
        await _audit(plan, collected)
    except ExceptionGroup as group:
        raise _first(group) from None


def _first(error: Exception) -> Exception:
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


async def _audit(plan: _Plan, collected: _Collected) -> None:
    async with AsyncExitStack() as stack:
        environment = None
        if plan.environment is not None:
            environment = await stack.enter_async_context(open_environment(plan.environment))
            collected.environment = environment.name
            collected.isolation = environment.isolation

        async def take(batch: Batch, judged: Sequence[Judged]) -> None:
            verdicts = await _executed(batch, judged, environment, plan.chosen)
            for raw, verdict in zip(batch.records, verdicts, strict=True):
                collected.add(verdict, raw.text)

        await _judge_all(_batches(plan, environment), plan.jobs, take)


def _batches(plan: _Plan, environment: Environment | None) -> Iterator[Batch]:
    for path in plan.paths:
        yield from batches(
            path,
            dialect=plan.format,
            chosen=plan.chosen,
            reads=None if environment is None else environment.reads,
            keep_transcripts=environment is not None,
        )


async def _executed(
    batch: Batch, judged: Sequence[Judged], environment: Environment | None, chosen: frozenset[str]
) -> list[Verdict]:
    if environment is None:
        return [one.verdict for one in judged]
    records = [
        Recorded(transcript=one.transcript, text=raw.text)
        for raw, one in zip(batch.records, judged, strict=True)
        if one.transcript is not None
    ]
    runs = iter(await environment.execute(records))
    return [
        one.verdict if one.transcript is None else with_execution(one, next(runs), chosen) for one in judged
    ]


async def _judge_all(
    todo: Iterator[Batch], jobs: int, take: Callable[[Batch, Sequence[Judged]], Awaitable[None]]
) -> None:
    """Judge the batches and hand them over in order, at most a few ahead of what was taken."""
    if jobs == 1:
        for batch in todo:
            await anyio.lowlevel.checkpoint()
            await take(batch, judge_batch(batch))
        return
    limiter = anyio.CapacityLimiter(jobs)
    ahead: deque[_Ahead] = deque()
    async with anyio.create_task_group() as group:
        for batch in todo:
            job = _Ahead(batch)
            group.start_soon(job.judge, limiter)
            ahead.append(job)
            if len(ahead) >= jobs * _AHEAD_PER_JOB:
                await ahead.popleft().deliver(take)
        while ahead:
            await ahead.popleft().deliver(take)


class _Ahead:
    """A batch that is being judged in another process."""

    __slots__ = ("_batch", "_done", "_judged")

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._done = anyio.Event()
        self._judged: list[Judged] = []

    async def judge(self, limiter: anyio.CapacityLimiter) -> None:
        self._judged = await anyio.to_process.run_sync(
            judge_batch, self._batch, limiter=limiter, cancellable=True
        )
        self._done.set()

    async def deliver(self, take: Callable[[Batch, Sequence[Judged]], Awaitable[None]]) -> None:
        await self._done.wait()
        await take(self._batch, self._judged)
