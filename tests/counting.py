"""Work counted instead of timed: lines of Python that run, and files whose functions are called."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

__all__ = ["files_entered", "lines_run"]


def lines_run(work: Callable[[], object]) -> int:
    """Count the lines of Python that run, each time that they do."""
    counted = 0

    def count(_: FrameType, event: str, __: object) -> Any:
        nonlocal counted
        counted += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return counted


def files_entered(work: Callable[[], object]) -> set[str]:
    """Name the files of whose functions any is called."""
    entered: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            entered.add(Path(frame.f_code.co_filename).name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return entered
