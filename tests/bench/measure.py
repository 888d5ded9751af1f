"""What one measurement prints: a JSON object of figures."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable

__all__ = ["report"]


async def report(work: Callable[[], Awaitable[int]], *, with_ended: bool = False) -> None:
    """Time ``work``, which gives how many things it did, and print the figures.

    The processor time is that of this process; ``with_ended`` adds the processes that end within ``work``.
    """
    began, cpu = time.monotonic(), _cpu_seconds(with_ended=with_ended)
    done = await work()
    seconds, used = time.monotonic() - began, _cpu_seconds(with_ended=with_ended) - cpu
    figures = {
        "per_second": done / seconds,
        "cpu_ms": 1000 * used / done,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _cpu_seconds(*, with_ended: bool) -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) if with_ended else (resource.RUSAGE_SELF,)
    used = [resource.getrusage(who) for who in whose]
    return sum(one.ru_utime + one.ru_stime for one in used)
