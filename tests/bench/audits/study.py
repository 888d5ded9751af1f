"""How fast dialogues are audited, with and without execution, and next to another checker."""

from __future__ import annotations

from importlib.util import find_spec

from tests.bench.audits.six_calls import CALLS
from tests.bench.side_by_side import in_turn, row, say

__all__ = ["measure"]

_FEW, _MANY = 2_000, 20_000


def measure() -> None:
    """By the record alone in one process and in two, with execution, and BFCL's own entries."""
    audited = "tests.bench.audits.audited"
    few, one, two, executed = in_turn(
        [audited, str(_FEW), "1"],
        [audited, str(_MANY), "1"],
        [audited, str(_MANY), "2"],
        ["tests.bench.pipelines.dialogues", "audit"],
    )
    say(f"audits: {_MANY:,} dialogues of {CALLS} calls; rules TA0 to TA4 and TA7")
    row(f"one process, {_FEW:,}", few)
    row("one process", one)
    row("two processes", two)
    say(
        f"  two processes {two['per_second'] / one['per_second']:.2f} times one;"
        f" {CALLS * one['per_second']:,.0f} calls/s;"
        f" ten times the dialogues in {10 * few['per_second'] / one['per_second']:.1f} times the time"
    )
    row("with execution, all packs", executed)
    if find_spec("bfcl_eval") is not None:
        _bfcl()


def _bfcl() -> None:
    own = "tests.bench.audits.bfcl"
    theirs, one, two = in_turn([own, "theirs"], [own, "ours", "1"], [own, "ours", "2"])
    say("BFCL: 800 multi-turn entries, ground truth executed (ours: and judged by all rules)")
    row("bfcl-eval's checker", theirs)
    row("audit --env bfcl", one)
    row("audit --env bfcl --jobs 2", two)
    best = max(one["per_second"], two["per_second"])
    say(f"  {best / theirs['per_second']:.2f} times their rate")
