"""The bounds within which every attack must end, whatever it tries."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["contained"]

T = TypeVar("T")
SECONDS = 1.5
MEMORY_BYTES = 64 << 20
CANARY = Path("/tmp/hostile-canary")


async def contained(attack: Callable[[], Awaitable[T]]) -> T:
    """Run an attack; fail if it takes too long, fills this process's memory or reaches the disk.

    What takes too long may try once more: another program may have had the processor.
    """
    memory = _resident_bytes()
    for attempt in ("first", "second"):
        start = time.monotonic()
        result = await attack()
        seconds = time.monotonic() - start
        _check_this_process(memory)
        if seconds < SECONDS:
            break
        assert attempt == "first", f"took {seconds:.2f} s"
    return result


def _check_this_process(memory: int) -> None:
    assert _resident_bytes() - memory < MEMORY_BYTES, "this process's memory grew"
    assert not CANARY.exists(), "a file was written"


def _resident_bytes() -> int:
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
