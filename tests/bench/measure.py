"""What one measurement prints: a JSON object of figures."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

__all__ = ["Used", "measured", "report", "tell"]


class Used(NamedTuple):
    """How many things were done, in what time on the clock and of the processor."""

    done: int
    seconds: float
    cpu: float

    def less(self, other: Used) -> Used:
        """Give what was used beyond another measurement: what both began with is in neither."""
        return Used(self.done - other.done, self.seconds - other.seconds, self.cpu - other.cpu)


async def report(work: Callable[[], Awaitable[int]], *, with_ended: bool = False) -> None:
    """Time ``work``, which gives how many things it did, and print the figures."""
    tell(await measured(work, with_ended=with_ended))


async def measured(work: Callable[[], Awaitable[int]], *, with_ended: bool = False) -> Used:
    """Time ``work``, which gives how many things it did.

    The processor time is that of this process; ``with_ended`` adds the processes that end within ``work``.
    """
    began, cpu = time.monotonic(), _cpu_seconds(with_ended=with_ended)
    done = await work()
    return Used(done, time.monotonic() - began, _cpu_seconds(with_ended=with_ended) - cpu)


def tell(used: Used) -> None:
    """Print the figures."""
    figures = {
        "per_second": used.done / used.seconds,
        "cpu_ms": 1000 * used.cpu / used.done,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _cpu_seconds(*, with_ended: bool) -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) if with_ended else (resource.RUSAGE_SELF,)
    used = [resource.getrusage(who) for who in whose]
    return sum(one.ru_utime + one.ru_stime for one in used)
