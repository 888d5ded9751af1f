"""How a run stands, read from its journal: while it runs, after it died, and when it has finished."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from engine import Journal, JournalReader, Price, Usage, writer_of
from toolace_mt.errors import RunFolderError
from toolace_mt.session import WIDTH_CHANGED, Session, last_session
from toolace_mt.store import JOURNAL_NAME

__all__ = ["RunStatistics", "WidthNote", "run_statistics"]

State = Literal["running", "finished", "stopped", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WidthNote:
    """The last change of how many requests may be in flight."""

    width: int
    reason: str
    endpoint: str
    seconds_ago: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatistics:
    """A run in figures.

    ``process`` is the one that runs it, ``stop`` why it is at rest.  ``usd`` is None when the model's price
    is not known.  The rates are of the last stretch, since the run was last started.
    """

    folder: str
    state: State
    process: int | None
    stop: str | None
    model: str
    wanted: int
    attempted: int
    accepted: int
    rejected: dict[str, int]
    requests: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None
    seconds: float
    attempts_per_minute: float | None
    requests_per_minute: float | None
    width: WidthNote | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def run_statistics(folder: Path, clock: Callable[[], float] = time.time) -> RunStatistics:
    """Read how the run in ``folder`` stands, without taking a lock.

    Raises ``RunFolderError`` or ``JournalError``.
    """
    journal_file = folder / JOURNAL_NAME
    if not journal_file.is_file():
        raise RunFolderError(f"{folder} holds no run: name the folder that was given as --out")
    with Journal.read_only(journal_file) as journal:
        session = last_session(journal)
        if session is None:
            raise RunFolderError(f"the run in {folder} has not begun yet: nothing is stored")
        return _read(folder, journal, session, clock())


def _read(folder: Path, journal: JournalReader, session: Session, now: float) -> RunStatistics:
    process = writer_of(journal.path)
    state = _state(session, process)
    until = now if state == "running" else session.stopped_at or _last_written(journal.path)
    seconds = max(0.0, until - session.began_at)
    counts = journal.job_counts_by("rule")
    totals = journal.totals().values()
    usage = sum((total.usage for total in totals), Usage())
    requests = sum(total.requests for total in totals)
    attempted = sum(counts.values())
    return RunStatistics(
        folder=str(folder),
        state=state,
        process=process,
        stop=session.stop if state != "running" else None,
        model=session.model,
        wanted=session.wanted,
        attempted=attempted,
        accepted=sum(count for (status, _), count in counts.items() if status == "accepted"),
        rejected={rule or "?": count for (status, rule), count in counts.items() if status == "rejected"},
        requests=requests,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        usd=_usd(session, usage),
        seconds=round(seconds, 3),
        attempts_per_minute=_rate(attempted - session.jobs_before, seconds),
        requests_per_minute=_rate(requests - session.requests_before, seconds),
        width=_width(journal, now),
    )


def _state(session: Session, process: int | None) -> State:
    if process is not None:
        return "running"
    match session.stop:
        case None:
            return "dead"
        case "no_more_jobs":
            return "finished"
        case _:
            return "stopped"


def _usd(session: Session, usage: Usage) -> float | None:
    if session.price is None:
        return None
    prompt, completion = session.price
    return Price(prompt_usd_per_million=prompt, completion_usd_per_million=completion).usd(usage)


def _rate(count: int, seconds: float) -> float | None:
    return round(60 * count / seconds, 2) if seconds > 0 else None


def _width(journal: JournalReader, now: float) -> WidthNote | None:
    event = journal.last_event(WIDTH_CHANGED)
    if event is None:
        return None
    detail = orjson.loads(event.detail)
    return WidthNote(
        width=detail["width"],
        reason=detail["reason"],
        endpoint=detail["endpoint"],
        seconds_ago=round(max(0.0, now - event.at), 3),
    )


def _last_written(journal: Path) -> float:
    files = (journal, journal.with_name(journal.name + "-wal"))
    return max(file.stat().st_mtime for file in files if file.exists())
