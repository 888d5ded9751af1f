"""How long this side has worked: what tells a slow server from a client that reads its answers late."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

__all__ = ["own_seconds"]

_SCHEDULING: Final = Path("/proc/thread-self/schedstat")


def own_seconds() -> float:
    """Give how long the calling thread has run, or, where the system tells it, waited for a processor."""
    return time.thread_time() + _seconds_waited()


def _seconds_waited() -> float:
    try:
        return int(_SCHEDULING.read_bytes().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # Linux alone has it
        return 0.0
