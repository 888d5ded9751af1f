"""Where a finding stands, in the words of other programs: a path, and a line where records are lines."""

from __future__ import annotations

from pathlib import Path

from toolace_mt.formats import STANDARD_INPUT
from toolace_mt.transcript import Place

__all__ = ["line_of", "path_of"]

_LINES = frozenset({".jsonl", ".ndjson"})


def path_of(file: str) -> str:
    """Give the path with forward slashes, from the working folder where the file is below it."""
    if file == STANDARD_INPUT:
        return "stdin"
    path = Path(file)
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def line_of(place: Place) -> int | None:
    """Give the line of a record, from 1, where the file has one record a line and can be shown as it is."""
    return place.record + 1 if Path(place.file).suffix in _LINES else None
