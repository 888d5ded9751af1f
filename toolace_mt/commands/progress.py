"""A live display of a run, and plain lines where there is no terminal: a reader of the event stream."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from engine import (
    BudgetRanShort,
    EndpointRecovered,
    EndpointRested,
    Event,
    GateClosed,
    JobEnded,
    JobStarted,
    ReplyReceived,
    RequestRetried,
    RunPaused,
    RunUnpaused,
    WidthChanged,
)
from toolace_mt.events import DialogueEnded, RunOpened

__all__ = ["Display", "showing_progress"]

_SECONDS_BETWEEN_LINES = 10.0
_NEWS_SHOWN = 3


class _Figures:
    """What the events add up to."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.began_at = clock()
        self.opened: RunOpened | None = None
        self.accepted = 0
        self.accepted_before = 0
        self.rejected: Counter[str] = Counter()
        self.failed = 0
        self.live = 0
        self.requests = 0
        self.replayed = 0
        self.tokens = 0
        self.news: list[str] = []

    def read(self, event: Event) -> None:
        match event:
            case RunOpened():
                self.opened = event
            case JobStarted():
                self.live += 1
            case JobEnded():
                self.live -= 1
                self.failed += event.outcome == "failed"
                if event.error:
                    self._tell(f"{event.key}: {event.error}")
            case DialogueEnded():
                self._count(event)
            case ReplyReceived(from_journal=True):
                self.replayed += 1
            case ReplyReceived():
                self.requests += 1
                self.tokens += event.usage.total_tokens
            case RequestRetried():
                self._tell(f"asked again in {event.delay_seconds:.1f} s: {event.reason}")
            case WidthChanged() if event.width < event.before:
                self._tell(f"{event.width} requests in flight: {event.reason}")
            case GateClosed():
                self._tell(event.reason)
            case EndpointRested():
                self._tell(f"{event.endpoint} rests for {event.seconds:.0f} s: {event.reason}")
            case EndpointRecovered():
                self._tell(f"{event.endpoint} answers again")
            case RunPaused():
                self._tell("paused")
            case RunUnpaused():
                self._tell("goes on")
            case BudgetRanShort():
                self._tell("the budget runs short: no new dialogue begins")

    @property
    def seconds(self) -> float:
        return self._clock() - self.began_at

    def seconds_left(self) -> float | None:
        """A projection from the pace so far; None before the first dialogue.  Those in work are half made."""
        made = self.accepted - self.accepted_before
        if self.opened is None or made == 0:
            return None
        half_made = self.live / 2
        to_make = max(0.0, self.opened.wanted - self.accepted - half_made)
        return to_make * self.seconds / (made + half_made)

    def line(self) -> str:
        wanted = self.opened.wanted if self.opened else 0
        parts = [
            f"{self.accepted} of {wanted} accepted",
            f"{self.rejected.total()} rejected",
            f"{self.live} in work",
            f"{self.requests:,} requests",
            f"{self.tokens:,} tokens",
            f"{_clock_time(self.seconds)} so far",
        ]
        left = self.seconds_left()
        if left is not None and self.accepted < wanted:
            parts.append(f"about {_clock_time(left)} left")
        return ", ".join(parts)

    def _count(self, event: DialogueEnded) -> None:
        if event.accepted:
            self.accepted += 1
            self.accepted_before += event.replayed
        else:
            self.rejected[event.rule or "?"] += 1

    def _tell(self, text: str) -> None:
        self.news = [*self.news[-_NEWS_SHOWN + 1 :], text]


class Display(Protocol):
    """Reads a run's events and tells in one line what they add up to."""

    def read(self, event: Event) -> None: ...

    def line(self) -> str: ...


class _LiveDisplay:
    """Redrawn a few times a second, not per event."""

    def __init__(self, figures: _Figures) -> None:
        self._figures = figures

    def read(self, event: Event) -> None:
        self._figures.read(event)

    def line(self) -> str:
        return self._figures.line()

    def __rich__(self) -> RenderableType:
        figures = self._figures
        if figures.opened is None:
            return Text("loading the model ...")
        table = Table.grid(padding=(0, 2))
        table.add_row(
            ProgressBar(total=figures.opened.wanted, completed=figures.accepted, width=40),
            Text(f"{figures.accepted} of {figures.opened.wanted} dialogues"),
        )
        lines: list[RenderableType] = [table, Text(figures.line(), style="dim")]
        if figures.rejected:
            reasons = ", ".join(f"{rule} {count}" for rule, count in figures.rejected.most_common(4))
            lines.append(Text(f"rejected by {reasons}", style="dim"))
        lines += [Text(news, style="yellow") for news in figures.news]
        return Group(*lines)


class _LineDisplay:
    """A line now and then, for logs and pipes."""

    def __init__(self, figures: _Figures, console: Console) -> None:
        self._figures = figures
        self._console = console
        self._said_at = -_SECONDS_BETWEEN_LINES
        self._said_news = ""

    def line(self) -> str:
        return self._figures.line()

    def read(self, event: Event) -> None:
        self._figures.read(event)
        is_due = self._figures.seconds - self._said_at >= _SECONDS_BETWEEN_LINES
        if is_due and isinstance(event, ReplyReceived | DialogueEnded | RequestRetried):
            self._said_at = self._figures.seconds
            self._say()

    def _say(self) -> None:
        news = self._figures.news[-1] if self._figures.news else ""
        line = self._figures.line() if news == self._said_news else f"{self._figures.line()}; {news}"
        self._said_news = news
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def showing_progress(console: Console, clock: Callable[[], float] = time.monotonic) -> Iterator[Display]:
    """Show a run on ``console`` while the block lasts; subscribe its ``read`` to the run's events."""
    figures = _Figures(clock)
    if not console.is_terminal:
        yield _LineDisplay(figures, console)
        return
    display = _LiveDisplay(figures)
    with Live(display, console=console, refresh_per_second=4, transient=True):
        yield display


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
