"""What Linux says of the worker processes that a measurement started."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["children", "cpu_seconds", "grandchildren", "pss_bytes"]


def children(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def grandchildren() -> list[int]:
    """The workers: forks of the templates that this process started."""
    return [worker for template in children(os.getpid()) for worker in children(template)]


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def pss_bytes(pid: int) -> int:
    """A process's memory, with pages that it shares counted in proportion."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
