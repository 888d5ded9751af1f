"""Whose work a run's processor time is: a sample of the stack every few milliseconds of it."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["sampled"]

_SECONDS = 0.005
_PACKAGES = ("engine", "sandbox", "toolace_mt")


@contextmanager
def sampled() -> Iterator[Counter[str]]:
    """Count until the block ends how often each package was at work, itself or by a library that it called.

    What none of them called, the event loop and the connections that it reads, counts as the engine's.
    """
    seen: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        seen[_owner(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS, _SECONDS)
    try:
        yield seen
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _owner(frame: FrameType | None) -> str:
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in _PACKAGES:
            return package
        frame = frame.f_back
    return "engine"
