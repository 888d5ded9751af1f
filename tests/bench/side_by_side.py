"""Measurements as processes of their own, run in turn with what they are compared to.

The middle one of each counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence

__all__ = ["Figures", "in_turn", "row", "say"]

Figures = Mapping[str, float]

_TURNS = 3


def in_turn(*commands: Sequence[str], turns: int = _TURNS) -> list[Figures]:
    """Run each command (module and arguments; prints figures as JSON) ``turns`` times, alternately."""
    measured: list[list[Figures]] = [[] for _ in commands]
    for _ in range(turns):
        for place, command in enumerate(commands):
            done = subprocess.run(
                [sys.executable, "-m", *command], capture_output=True, text=True, check=True
            )
            measured[place].append(json.loads(done.stdout))
    return [{key: statistics.median(run[key] for run in runs) for key in runs[0]} for runs in measured]


def row(name: str, figures: Figures) -> None:
    """One line of the table: rate, processor time and memory."""
    say(
        f"  {name:<34} {figures['per_second']:>8,.0f}/s  {figures['cpu_ms']:>8.3f} ms CPU each  "
        f"{figures['peak_mb']:>6.0f} MB peak"
    )


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
