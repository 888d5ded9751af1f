"""What one measurement prints: a JSON object of figures."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable

__all__ = ["report"]


async def report(work: Callable[[], Awaitable[int]]) -> None:
    """Time ``work``, which gives how many things it did, and print the figures."""
    began, cpu = time.monotonic(), _cpu_seconds()
    done = await work()
    seconds, used = time.monotonic() - began, _cpu_seconds() - cpu
    figures = {
        "per_second": done / seconds,
        "cpu_ms": 1000 * used / done,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _cpu_seconds() -> float:
    """This process; workers of a sandbox end later and are not in it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
