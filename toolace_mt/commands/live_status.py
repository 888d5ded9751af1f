"""What a live run tells when it gets the signal USR1."""

from __future__ import annotations

import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio
from rich.console import Console

from engine import RunControl, RunStatus
from toolace_mt.commands.progress import Display

__all__ = ["status_lines", "telling_status"]


@asynccontextmanager
async def telling_status(
    display: Display, console: Console
) -> AsyncGenerator[Callable[[RunControl], None], None]:
    """Print a run's status at each SIGUSR1 while the block lasts; give what takes its control."""
    try:
        async with anyio.create_task_group() as group:

            def opened(control: RunControl) -> None:
                group.start_soon(_listen, control, display, console)

            try:
                yield opened
            finally:
                group.cancel_scope.cancel()
    except BaseExceptionGroup as errors:  # the run's own error, as itself
        raise errors.exceptions[0] from None


async def _listen(control: RunControl, display: Display, console: Console) -> None:
    with anyio.open_signal_receiver(signal.SIGUSR1) as signals:
        async for _ in signals:
            for line in (display.line(), *status_lines(control.status())):
                console.print(line, highlight=False, markup=False, soft_wrap=True)


def status_lines(status: RunStatus) -> list[str]:
    """Tell what is in flight, what waits and why, and what is spent."""
    window = status.gates.requests
    waiting = window.waiting + sum(
        gate.waiting
        for gate in (status.gates.budget, status.gates.tokens_in_flight, status.gates.token_rate)
        if gate is not None
    )
    pause = "paused; " if status.is_paused else ""
    lines = [f"{pause}{window.in_flight} requests in flight of {window.width}, {waiting} waiting"]
    if status.last_change is not None:
        lines.append(f"width last changed to {status.last_change.width}: {status.last_change.reason}")
    if len(window.lanes) > 1:
        lines += [
            f"{lane.name}: {lane.in_flight} of {lane.width}{', resting' if lane.is_resting else ''}"
            for lane in window.lanes
        ]
    if status.gates.budget is not None:
        spent, pledged = status.gates.budget.spent, status.gates.budget.pledged
        lines.append(
            f"spent {spent.requests:,} requests and {spent.tokens:,} tokens; "
            f"pledged {pledged.requests:,} and {pledged.tokens:,}"
        )
    return lines
