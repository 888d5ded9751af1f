"""What a run notes of itself in its journal, so that ``stats`` can tell how it stands without its help."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from engine import (
    EndpointRested,
    Event,
    EventStream,
    Journal,
    JournalError,
    JournalReader,
    Price,
    WidthChanged,
)

__all__ = ["WIDTH_CHANGED", "Session", "last_session", "noting_changes"]

WIDTH_CHANGED: Final = "width_changed"
_SESSION: Final = "session"


class Session(BaseModel):
    """One stretch of a run, from its start or a resume to its stop; times are seconds since 1970.

    ``jobs_before`` and ``requests_before`` are what earlier stretches had done.  ``stop`` says why it ended
    and is None as long as it goes on, or when it died.
    """

    model_config = ConfigDict(frozen=True)

    process: int
    model: str
    wanted: int
    began_at: float
    jobs_before: int
    requests_before: int
    price: tuple[float, float] | None
    stopped_at: float | None = None
    stop: str | None = None

    @classmethod
    def begin(cls, journal: Journal, *, model: str, wanted: int, price: Price | None) -> Session:
        return cls(
            process=os.getpid(),
            model=model,
            wanted=wanted,
            began_at=time.time(),
            jobs_before=sum(journal.job_counts().values()),
            requests_before=sum(total.requests for total in journal.totals().values()),
            price=None if price is None else (price.prompt_usd_per_million, price.completion_usd_per_million),
        )

    def ended(self, stop: str) -> Session:
        return self.model_copy(update={"stopped_at": time.time(), "stop": stop})

    async def note(self, journal: Journal) -> None:
        await journal.set_meta(_SESSION, self.model_dump_json())


def last_session(journal: Journal | JournalReader) -> Session | None:
    """The last stretch of the run; None when it has not begun one."""
    stored = journal.meta(_SESSION)
    try:
        return None if stored is None else Session.model_validate_json(stored)
    except ValidationError:
        raise JournalError(
            "the journal is damaged: what it notes of the run cannot be read; choose another folder"
        ) from None


@contextmanager
def noting_changes(journal: Journal, events: EventStream) -> Iterator[None]:
    """Note how the width changes and which endpoint fails, while the block lasts."""

    def read(event: Event) -> None:
        match event:
            case WidthChanged():
                note(WIDTH_CHANGED, width=event.width, reason=event.reason, endpoint=event.endpoint)
            case EndpointRested():
                note("endpoint_rested", endpoint=event.endpoint, reason=event.reason)

    def note(kind: str, **detail: str | int) -> None:
        journal.note_event(kind, orjson.dumps(detail).decode())

    unsubscribe: Callable[[], None] = events.subscribe(read)
    try:
        yield
    finally:
        unsubscribe()
