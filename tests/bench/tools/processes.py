"""What Linux says of the worker processes that a measurement started."""

from __future__ import annotations

from pathlib import Path

from tests.children import children

__all__ = ["cpu_seconds", "grandchildren", "pss_bytes"]


def grandchildren() -> list[int]:
    """The workers: forks of the templates that this process started."""
    return [worker for template in children() for worker in children(template)]


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def pss_bytes(pid: int) -> int:
    """A process's memory, with pages that it shares counted in proportion."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
