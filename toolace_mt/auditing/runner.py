"""Runs an audit: judges batches in order, in this process or in several, executes, counts and writes."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_process

from toolace_mt.auditing.batch import Batch, Judged, Task, batches, judge_batch
from toolace_mt.auditing.collected import Collected
from toolace_mt.auditing.environment import Environment, Recorded, with_execution
from toolace_mt.auditing.opening import open_environment
from toolace_mt.auditing.output import AuditFiles, audit_files
from toolace_mt.auditing.policy import Policy, make_policy
from toolace_mt.auditing.report import AuditReport, Verdict
from toolace_mt.formats import STANDARD_INPUT, companions_of, data_files, find_format, is_catalogue_file

__all__ = ["audit", "audit_async"]

_AHEAD_PER_JOB = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What to audit and how.  ``catalogues`` are the schema files by the file that they belong to."""

    paths: tuple[str, ...]
    catalogues: Mapping[str, tuple[str, ...]]
    format: str
    environment: str | None
    policy: Policy
    jobs: int
    out: Path | None


def audit(
    paths: str | Path | Iterable[str | Path],
    *,
    format: str = "auto",
    environment: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severities: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
    tools: Iterable[str | Path] = (),
    jobs: int = 1,
    out: str | Path | None = None,
    fix: bool = False,
) -> AuditReport:
    """Audit files and folders of dialogues; with ``environment`` (see ``open_environment``), execute
    their calls too.

    ``severities`` gives rules another severity (or ``off``), ``baseline`` names the findings.jsonl of an
    earlier audit whose findings are accepted, ``tools`` files with the schemas of records that declare none.
    ``out`` names a directory for findings.jsonl, summary.json, clean.jsonl and report.html; ``fix`` adds
    fixed.jsonl, a copy with all certain corrections, and fixes.jsonl, their log.  An interruption
    from the keyboard ends the audit early: the report holds what was found, with ``interrupted`` set.  Raise
    FormatError, UnknownRuleError, BadSeverityError or EnvironmentUnusableError before anything is read, for
    wrong input.
    """
    plan = _plan(
        paths, format, environment, make_policy(select, ignore, severities or {}, baseline), tools, jobs, out
    )
    with _files(plan.out, fix=fix) as files:
        collected = Collected(files=files, policy=plan.policy)
        interrupted = False
        try:
            with anyio.from_thread.start_blocking_portal() as portal:  # a notebook has a loop of its own
                portal.call(_run, plan, collected)
        except KeyboardInterrupt:
            interrupted = True
        return collected.finish(interrupted=interrupted)


async def audit_async(
    paths: str | Path | Iterable[str | Path],
    *,
    format: str = "auto",
    environment: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severities: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
    tools: Iterable[str | Path] = (),
    jobs: int = 1,
    out: str | Path | None = None,
    fix: bool = False,
) -> AuditReport:
    """Do as ``audit`` does, inside a running event loop; a cancellation leaves no files."""
    plan = _plan(
        paths, format, environment, make_policy(select, ignore, severities or {}, baseline), tools, jobs, out
    )
    with _files(plan.out, fix=fix) as files:
        collected = Collected(files=files, policy=plan.policy)
        await _run(plan, collected)
        return collected.finish(interrupted=False)


def _plan(
    paths: str | Path | Iterable[str | Path],
    dialect: str,
    environment: str | None,
    policy: Policy,
    tools: Iterable[str | Path],
    jobs: int,
    out: str | Path | None,
) -> _Plan:
    listed = (paths,) if isinstance(paths, (str, Path)) else tuple(paths)
    files = data_files(str(path) for path in listed)
    if dialect != "auto":
        find_format(dialect)
    named = tuple(data_files(str(path) for path in tools))
    if named:
        companions_of(files[0], named)
    return _Plan(
        paths=tuple(files),
        catalogues=dict.fromkeys(files, named) if named else _found_catalogues(files),
        format=dialect,
        environment=environment,
        policy=policy,
        jobs=max(1, jobs),
        out=None if out is None else Path(out),
    )


def _found_catalogues(files: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Of several files, those that only declare tools belong to the others of their folder and below."""
    if len(files) < 2:
        return {}
    lists = [
        file
        for file in files
        if file != STANDARD_INPUT
        and not file.endswith((".parquet", ".arrow"))
        and is_catalogue_file(Path(file))
    ]
    return {
        file: tuple(one for one in lists if Path(one).parent in Path(file).parents)
        for file in files
        if file not in lists
    }


def _files(out: Path | None, *, fix: bool) -> AbstractContextManager[AuditFiles | None]:
    return nullcontext() if out is None else audit_files(out, fix=fix)


async def _run(plan: _Plan, collected: Collected) -> None:
    """Audit; what goes wrong inside task groups is raised as itself."""
    try:
        await _audit(plan, collected)
    except ExceptionGroup as group:
        raise _first(group) from None


def _first(error: Exception) -> Exception:
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


async def _audit(plan: _Plan, collected: Collected) -> None:
    async with AsyncExitStack() as stack:
        environment = None
        if plan.environment is not None:
            environment = await stack.enter_async_context(open_environment(plan.environment))
            collected.environment = environment.name
            collected.isolation = environment.isolation
        async for batch, judged in _judged(_batches(plan, environment), plan.jobs):
            verdicts = await _executed(batch, judged, environment, plan.policy.chosen)
            for raw, one, found in zip(batch.records, judged, verdicts, strict=True):
                collected.add(raw, found, [part.shown for part in one])


def _batches(plan: _Plan, environment: Environment | None) -> Iterator[Batch]:
    for path in plan.paths:
        yield from batches(
            Task(
                file=path,
                format=plan.format,
                catalogues=plan.catalogues.get(path, ()),
                chosen=plan.policy.chosen,
                reads=None if environment is None else environment.reads,
                keep_transcripts=environment is not None,
                show=plan.out is not None,
            )
        )


async def _executed(
    batch: Batch, judged: Sequence[Sequence[Judged]], environment: Environment | None, chosen: frozenset[str]
) -> list[list[Verdict]]:
    if environment is None:
        return [[part.verdict for part in one] for one in judged]
    records = [
        Recorded(transcript=part.transcript, text=raw.text)
        for raw, one in zip(batch.records, judged, strict=True)
        for part in one
        if part.transcript is not None
    ]
    runs = iter(await environment.execute(records))
    return [
        [
            part.verdict if part.transcript is None else with_execution(part, next(runs), chosen)
            for part in one
        ]
        for one in judged
    ]


async def _judged(todo: Iterator[Batch], jobs: int) -> AsyncIterator[tuple[Batch, list[list[Judged]]]]:
    """Judge the batches and give them in order, at most a few ahead of what was taken."""
    if jobs == 1:
        for batch in todo:
            await anyio.lowlevel.checkpoint()
            yield batch, judge_batch(batch)
        return
    limiter = anyio.CapacityLimiter(jobs)
    ahead: deque[_Ahead] = deque()
    async with anyio.create_task_group() as group:
        for batch in todo:
            job = _Ahead(batch)
            group.start_soon(job.judge, limiter)
            ahead.append(job)
            await anyio.lowlevel.checkpoint()
            if len(ahead) >= jobs * _AHEAD_PER_JOB:
                yield await ahead.popleft().result()
        while ahead:
            yield await ahead.popleft().result()


class _Ahead:
    """A batch that is being judged in another process."""

    __slots__ = ("_batch", "_done", "_judged")

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._done = anyio.Event()
        self._judged: list[list[Judged]] = []

    async def judge(self, limiter: anyio.CapacityLimiter) -> None:
        self._judged = await anyio.to_process.run_sync(
            judge_batch, self._batch, limiter=limiter, cancellable=True
        )
        self._done.set()

    async def result(self) -> tuple[Batch, list[list[Judged]]]:
        await self._done.wait()
        return self._batch, self._judged
