"""What happened, as frozen values on one stream.  Whoever wants to show, log or store it reads the stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.types import Usage

__all__ = [
    "BudgetRanShort",
    "EndpointRecovered",
    "EndpointRested",
    "Event",
    "EventReader",
    "EventStream",
    "GateClosed",
    "JobEnded",
    "JobStarted",
    "ReplyReceived",
    "RequestFailed",
    "RequestRetried",
    "RunEnded",
    "RunPaused",
    "RunStarted",
    "RunUnpaused",
    "WidthChanged",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events; other packages may add their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """``run_jobs`` began; at most ``width`` jobs are live at once."""

    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """``run_jobs`` ended by itself; ``stop`` is the value of a ``StopReason``."""

    done: int
    failed: int
    unfinished: int
    stop: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted(Event):
    """A job began."""

    key: str
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded(Event):
    """``unfinished`` means that the budget ran out under the job; it can be resumed."""

    key: str
    order: int
    outcome: Literal["done", "failed", "unfinished"]
    seconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReceived(Event):
    """A request has its reply.  A reply from the journal cost nothing now; its usage is the original's."""

    purpose: str
    order: int
    usage: Usage
    seconds: float
    from_journal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFailed(Event):
    """One attempt got no usable reply."""

    purpose: str
    order: int
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRetried(Event):
    """The request will be sent again after ``delay_seconds``; ``attempt`` counts from 1."""

    purpose: str
    order: int
    attempt: int
    reason: str
    delay_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GateClosed(Event):
    """The server asked for a pause; no request is sent for ``seconds``."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WidthChanged(Event):
    """Another number of requests may be in flight at once.

    ``endpoint`` has a name where there are several.
    """

    width: int
    reason: str
    before: int = 0
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRested(Event):
    """An endpoint failed; the others do its share, and after ``seconds`` it is tried with one request."""

    endpoint: str
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRecovered(Event):
    """An endpoint that had failed answers again and gets its share."""

    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPaused(Event):
    """Somebody paused the run: nothing is sent and no job begins until ``RunUnpaused``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUnpaused(Event):
    """The run goes on after a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRanShort(Event):
    """No new dialogue opens for now: what is left is kept for those that are open."""

    open_dialogues: int
    reason: str


EventReader = Callable[[Event], None]


class EventStream:
    """Hands every event to every reader, at once and in order.

    A reader that raises is a bug and its exception reaches whoever emitted.
    """

    def __init__(self) -> None:
        self._readers: tuple[EventReader, ...] = ()

    def subscribe(self, reader: EventReader) -> Callable[[], None]:
        """Add a reader; call the result to remove it again."""
        self._readers = (*self._readers, reader)

        def unsubscribe() -> None:
            self._readers = tuple(other for other in self._readers if other is not reader)

        return unsubscribe

    def emit(self, event: Event) -> None:
        for reader in self._readers:
            reader(event)
