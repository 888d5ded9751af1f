"""Ctrl-C: the first one ends a run in order, the second at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

__all__ = ["leave_at_the_second"]


def leave_at_the_second(say_stopped: Callable[[], None]) -> None:
    """From now on end the process at the second SIGINT, for an end in order may be torn by it.

    To be called within a running loop, whose own way with the first SIGINT is kept.  What is journaled is
    safe at any moment.  It holds until somebody sets another handler.
    """
    first = signal.getsignal(signal.SIGINT)
    if not callable(first):  # it is ignored
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
