"""How fast whole dialogues are made."""

from __future__ import annotations

from tests.bench.side_by_side import in_turn, row, say

__all__ = ["measure"]


def measure() -> None:
    """Coarse dialogues: planned, executed, injected, verified; no model."""
    (made,) = in_turn(["tests.bench.pipelines.dialogues", "make"])
    say("dialogues: all packs, no model, every call executed while planned and again when verified")
    row("made", made)
