"""Which processes a process has started, as the system sees it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["children"]


def children(pid: int | None = None) -> set[int]:
    """The processes that a process (this one, if none is named) started and that it has not seen end.

    Every process is asked for its parent: the lists that Linux keeps of children are kept by thread, and
    change hands, or are gone, when a thread ends while they are read.
    """
    parent = os.getpid() if pid is None else pid
    return {int(process.name) for process in Path("/proc").glob("[0-9]*") if _parent(process) == parent}


def _parent(process: Path) -> int | None:
    with suppress(FileNotFoundError, ProcessLookupError):  # it ended since it was listed
        of_its_name = (process / "stat").read_text(errors="replace").rpartition(")")[2]
        return int(of_its_name.split()[1])
    return None
