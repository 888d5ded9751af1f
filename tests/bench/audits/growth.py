"""Whether the time for a dialogue, and the memory, stay the same from a thousand dialogues to a million.

``python -m tests.bench.audits.growth 1000000`` measures as many as it is told.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.bench.side_by_side import in_turn, row, say

__all__ = ["measure"]

_COUNTS = (1_000, 10_000, 100_000)


def measure(counts: Sequence[int] = _COUNTS) -> None:
    """One line for each number of dialogues, and what the last costs next to the first."""
    say("growth: processor time for each dialogue, and the most memory")
    figures = in_turn(*(["tests.bench.audits.audited", str(count), "1"] for count in counts), turns=1)
    for count, one in zip(counts, figures, strict=True):
        row(f"{count:,} dialogues", one)
    first, last = figures[0], figures[-1]
    say(
        f"  {counts[-1] // counts[0]:,} times the dialogues:"
        f" {last['cpu_ms'] / first['cpu_ms']:.2f} times the time for each,"
        f" {last['peak_mb'] - first['peak_mb']:+.0f} MB"
    )


if __name__ == "__main__":
    measure([1_000, *map(int, sys.argv[1:])])
