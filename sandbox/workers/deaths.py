"""How a worker came to its end, and how that is said."""

from __future__ import annotations

import contextlib
import os
import signal
from enum import StrEnum
from typing import Any

__all__ = ["WorkerDeath", "WorkerDied", "cause_of_failure", "spoken_status", "why"]


class WorkerDeath(StrEnum):
    """How a worker came to its end; one whose answer is TOO_LONG for a message works on."""

    LATE = "late"
    MEMORY = "memory"
    CRASHED = "crashed"
    TOO_LONG = "too long"


class WorkerDied(Exception):
    """A worker ended, or had to be ended, while it worked on a batch."""

    def __init__(self, cause: WorkerDeath, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail


def cause_of_failure(failed: str) -> WorkerDeath:
    """Read why a worker that answers with a failure could not do what it was asked."""
    return WorkerDeath(failed) if failed in ("memory", "too long") else WorkerDeath.CRASHED


def why(answer: dict[str, Any]) -> str:
    """Give a failure's own words."""
    return str(answer.get("why") or answer.get("failed"))


def spoken_status(status: int) -> str:
    """Say in words how a process ended, from its wait status."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(ValueError):
            return signal.Signals(number).name
        return f"signal {number}"
    return f"exit status {os.WEXITSTATUS(status)}"
