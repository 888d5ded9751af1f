"""Ctrl-C: the first one ends a run in order, the second at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["leaving_at_the_second"]


@contextmanager
def leaving_at_the_second(say_stopped: Callable[[], None]) -> Iterator[None]:
    """End the process at the second SIGINT while the block lasts, for an end in order may be torn by it.

    To be opened within a running loop, whose own way with the first SIGINT is kept.  What is journaled is
    safe at any moment.
    """
    first = signal.getsignal(signal.SIGINT)
    if not callable(first):
        yield
        return
    count = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count > 1:
            say_stopped()
            os._exit(130)
        first(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, first)
