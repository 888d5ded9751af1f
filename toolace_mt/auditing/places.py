"""Where a finding stands, in the words of other programs: a path, and a line where records are lines."""

from __future__ import annotations

from pathlib import Path

from toolace_mt.findings import Finding
from toolace_mt.formats import STANDARD_INPUT
from toolace_mt.transcript import Place

__all__ = ["line_of", "path_of", "spot_of"]

_LINES = frozenset({".jsonl", ".ndjson"})
_PATH_LETTERS = 120


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


def spot_of(finding: Finding) -> str:
    """Give the place in the record, as ``turn 3, $.nights``; empty for the record as a whole."""
    turn = "" if finding.turn is None else f"turn {finding.turn}"
    path = "" if finding.path in (None, "$") else str(finding.path)
    if len(path) > _PATH_LETTERS:
        path = f"{path[:_PATH_LETTERS]}…"
    return ", ".join(filter(None, (turn, path)))
