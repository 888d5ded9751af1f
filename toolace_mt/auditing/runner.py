"""Runs an audit: judges batches in order, in this process or in several, executes, counts and writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.from_thread
import xxhash

from toolace_mt.auditing.batch import Batch, Task, batches
from toolace_mt.auditing.collected import Collected
from toolace_mt.auditing.environment import Environment
from toolace_mt.auditing.gaps import Gap
from toolace_mt.auditing.journal import AuditJournal, NotResumableError, Reached, audit_journal
from toolace_mt.auditing.opening import open_environment
from toolace_mt.auditing.output import AuditFiles, audit_files
from toolace_mt.auditing.policy import Policy, make_policy
from toolace_mt.auditing.record import Record
from toolace_mt.auditing.report import AuditReport
from toolace_mt.auditing.stream import audited
from toolace_mt.auditing.watching import Watcher, total_bytes
from toolace_mt.formats import STANDARD_INPUT, companions_of, data_files, find_format, is_catalogue_file

if TYPE_CHECKING:
    from toolace_mt.auditing.experts import ExpertSettings

__all__ = ["audit", "audit_async"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What to audit and how.

    ``named`` are the files that the user named, not a folder; ``catalogues`` the schema files by the file
    that they belong to, which the user named too or which ``were_found`` near the others.
    """

    paths: tuple[str, ...]
    named: frozenset[str]
    catalogues: Mapping[str, tuple[str, ...]]
    catalogues_were_found: bool
    format: str
    environment: str | None
    isolation: str
    policy: Policy
    jobs: int
    out: Path | None
    experts: ExpertSettings | None


def audit(
    paths: str | Path | Iterable[str | Path],
    *,
    format: str = "auto",
    environment: str | None = None,
    isolation: str = "strong",
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severities: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
    tools: Iterable[str | Path] = (),
    jobs: int = 1,
    out: str | Path | None = None,
    fix: bool = False,
    experts: ExpertSettings | None = None,
    resume: bool = False,
    watch: Watcher | None = None,
) -> AuditReport:
    """Audit files and folders of dialogues; with ``environment`` (see ``open_environment``), execute
    their calls too.

    ``isolation`` is how strongly a pack that is not shipped must be confined: strong, limited or none.
    ``severities`` gives rules another severity (or ``off``), ``baseline`` names the findings.jsonl of an
    earlier audit whose findings are accepted, ``tools`` files with the schemas of records that declare none.
    ``out`` names a directory for findings.jsonl, summary.json, clean.jsonl and report.html; ``fix`` adds
    fixed.jsonl, a copy with all certain corrections, and fixes.jsonl, their log.  ``experts`` names a model
    that judges the rules TA8.  An interruption from the keyboard ends the audit early: the report holds what
    was found, with ``interrupted`` set, and a journal stays in ``out``.  With ``resume`` a stopped or killed
    audit of the same files goes on from there, and leaves what an undisturbed one would.  ``watch`` is told
    of every batch.  Raise FormatError, UnknownRuleError, BadSeverityError, ConfigError, NotResumableError,
    DirectoryInUseError or EnvironmentUnusableError before anything is read, for wrong input, and
    JobsUnusableError where ``jobs`` are more than one and their processes do not start.
    """
    plan = _plan(
        paths,
        format,
        environment,
        isolation,
        make_policy(select, ignore, severities or {}, baseline),
        tools,
        jobs,
        out,
        experts,
    )
    with _opened(plan, fix=fix, resume=resume, watch=watch) as record:
        interrupted = False
        try:
            with anyio.from_thread.start_blocking_portal() as portal:  # a notebook has a loop of its own
                portal.call(_run, plan, record)
        except KeyboardInterrupt:
            interrupted = True
        return record.finish(interrupted=interrupted)


async def audit_async(
    paths: str | Path | Iterable[str | Path],
    *,
    format: str = "auto",
    environment: str | None = None,
    isolation: str = "strong",
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severities: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
    tools: Iterable[str | Path] = (),
    jobs: int = 1,
    out: str | Path | None = None,
    fix: bool = False,
    experts: ExpertSettings | None = None,
    resume: bool = False,
    watch: Watcher | None = None,
) -> AuditReport:
    """Do as ``audit`` does, inside a running event loop; a cancellation leaves nothing but the journal."""
    plan = _plan(
        paths,
        format,
        environment,
        isolation,
        make_policy(select, ignore, severities or {}, baseline),
        tools,
        jobs,
        out,
        experts,
    )
    with _opened(plan, fix=fix, resume=resume, watch=watch) as record:
        await _run(plan, record)
        return record.finish(interrupted=False)


def _plan(
    paths: str | Path | Iterable[str | Path],
    dialect: str,
    environment: str | None,
    isolation: str,
    policy: Policy,
    tools: Iterable[str | Path],
    jobs: int,
    out: str | Path | None,
    experts: ExpertSettings | None,
) -> _Plan:
    _check_experts(experts, policy)
    listed = (paths,) if isinstance(paths, (str, Path)) else tuple(paths)
    files = data_files(str(path) for path in listed)
    if dialect != "auto":
        find_format(dialect)
    named = tuple(data_files(str(path) for path in tools))
    if named:
        companions_of(files[0], named)
    return _Plan(
        paths=tuple(files),
        named=frozenset(map(str, listed)),
        catalogues=dict.fromkeys(files, named) if named else _found_catalogues(files),
        catalogues_were_found=not named,
        format=dialect,
        environment=environment,
        isolation=isolation,
        policy=policy,
        jobs=max(1, jobs),
        out=None if out is None else Path(out),
        experts=experts,
    )


def _check_experts(experts: ExpertSettings | None, policy: Policy) -> None:
    if experts is not None or all(code.startswith("TA8") for code in policy.chosen):
        from toolace_mt.auditing.experts import check_experts  # brings pydantic and the engine

        check_experts(experts, policy.chosen)


def _found_catalogues(files: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Of several files, those that only declare tools belong to the others of their folder and below."""
    if len(files) < 2:
        return {}
    lists = [
        file
        for file in files
        if Path(file).is_file()
        and not file.endswith((".parquet", ".arrow"))
        and is_catalogue_file(Path(file))
    ]
    return {
        file: tuple(one for one in lists if Path(one).parent in Path(file).parents)
        for file in files
        if file not in lists
    }


@contextmanager
def _opened(plan: _Plan, *, fix: bool, resume: bool, watch: Watcher | None) -> Iterator[Record]:
    with _files(plan.out, fix=fix) as files, _journal(plan, fix=fix, resume=resume) as journal:
        collected = Collected(files=files, policy=plan.policy)
        yield Record(collected=collected, journal=journal, watch=watch, bytes_total=total_bytes(plan.paths))


def _files(out: Path | None, *, fix: bool) -> AbstractContextManager[AuditFiles | None]:
    return nullcontext() if out is None else audit_files(out, fix=fix)


def _journal(plan: _Plan, *, fix: bool, resume: bool) -> AbstractContextManager[AuditJournal | None]:
    if plan.out is None:
        if resume:
            raise NotResumableError("--resume needs --out, the directory of the stopped audit")
        return nullcontext()
    sizes = [_size_and_time(path) for path in plan.paths]
    if resume and None in sizes:
        raise NotResumableError("an audit of standard input cannot be resumed: what was read is gone")
    policy = plan.policy
    how: list[Any] = [
        plan.paths, sizes, dict(plan.catalogues), plan.format, plan.environment, fix, repr(plan.experts),
        sorted(policy.chosen), sorted(policy.severities.items()), sorted(map(repr, policy.known)),
    ]  # fmt: skip
    told = json.dumps(how).encode()  # names of files may hold what orjson refuses
    return audit_journal(plan.out, xxhash.xxh3_128_hexdigest(told), resume=resume)


def _size_and_time(path: str) -> tuple[int, int] | None:
    if path == STANDARD_INPUT or not Path(path).is_file():
        return None
    status = Path(path).stat()
    return status.st_size, status.st_mtime_ns


async def _run(plan: _Plan, record: Record) -> None:
    """Audit; what goes wrong inside task groups is raised as itself."""
    try:
        await _audit(plan, record)
    except ExceptionGroup as group:
        raise _first(group) from None


def _first(error: Exception) -> Exception:
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


async def _audit(plan: _Plan, record: Record) -> None:
    collected = record.collected
    async with AsyncExitStack() as stack:
        environment = None
        if plan.environment is not None:
            environment = await stack.enter_async_context(
                open_environment(plan.environment, required=plan.isolation, workers=plan.jobs)
            )
            collected.executing_in(environment.name, environment.isolation)
        panel = None
        if plan.experts is not None:
            from toolace_mt.auditing.experts import open_panel  # brings pydantic and the engine

            panel = await stack.enter_async_context(open_panel(plan.experts, plan.policy.chosen, plan.out))
            collected.experts = panel.name
        todo = _batches(plan, environment)
        record.go_on(todo)
        async for done in audited(todo, jobs=plan.jobs, environment=environment):
            reviewed = done.verdicts if panel is None else await panel.review(done.judged, done.verdicts)
            record.add(done.batch, Reached(judged=done.judged, verdicts=reviewed))
    collected.tally.gaps[Gap.NO_RECORDS] = sum(path not in collected.by_file for path in plan.paths)


def _batches(plan: _Plan, environment: Environment | None) -> Iterator[Batch]:
    read = 0
    for path in plan.paths:
        task = Task(
            file=path,
            format=plan.format,
            catalogues=plan.catalogues.get(path, ()),
            catalogues_were_found=plan.catalogues_were_found,
            chosen=plan.policy.chosen,
            reads=None if environment is None else environment.reads,
            keep_transcripts=environment is not None or plan.experts is not None,
            show=plan.out is not None,
            was_named=path in plan.named,
        )
        for batch in batches(task, before=read):
            yield batch
            read = batch.bytes_read
