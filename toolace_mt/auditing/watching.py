"""How far an audit has come, for whoever wants to show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from toolace_mt.formats import STANDARD_INPUT

__all__ = ["AuditProgressed", "Watcher", "total_bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditProgressed:
    """One more batch is done.  ``bytes_total`` is None where a size is not known (standard input)."""

    records: int
    findings: int
    bytes_read: int
    bytes_total: int | None


Watcher = Callable[[AuditProgressed], None]


def total_bytes(files: tuple[str, ...]) -> int | None:
    """Give the size of all files together, packed as they are, or None if one is no file on the disk."""
    if any(file == STANDARD_INPUT or not Path(file).is_file() for file in files):
        return None
    return sum(Path(file).stat().st_size for file in files)
