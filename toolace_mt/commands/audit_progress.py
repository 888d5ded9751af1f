"""A line on the terminal that says how far an audit has come, how fast it is and how long it will take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from toolace_mt.auditing import AuditProgressed
    from toolace_mt.auditing.watching import Watcher

__all__ = ["watching"]


@contextmanager
def watching(console: Console) -> Iterator[Watcher | None]:
    """Give what draws the line, or None where nobody is looking; the line goes when the audit ends."""
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading")

        def show(progressed: AuditProgressed) -> None:
            bar.update(
                task,
                description=_words(progressed, bar.tasks[0].elapsed or 0.0),
                completed=progressed.bytes_read,
                total=progressed.bytes_total,
            )

        yield show


def _words(progressed: AuditProgressed, seconds: float) -> str:
    rate = progressed.records / seconds if seconds else 0.0
    return f"{progressed.records:,} records, {progressed.findings:,} findings, {rate:,.0f}/s"
