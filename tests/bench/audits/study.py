"""How fast dialogues are audited."""

from __future__ import annotations

from tests.bench.side_by_side import in_turn, row, say

__all__ = ["measure"]


def measure() -> None:
    """Our own dialogues, every call executed again."""
    (audited,) = in_turn(["tests.bench.pipelines.dialogues", "audit"])
    say("audits")
    row("audited with execution", audited)
