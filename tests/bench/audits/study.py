"""How fast dialogues are audited, with and without execution, and next to another checker."""

from __future__ import annotations

from importlib.util import find_spec

from tests.bench.audits import growth
from tests.bench.audits.six_calls import CALLS
from tests.bench.side_by_side import Figures, in_turn, row, say

__all__ = ["measure"]

_MANY = 20_000
_AGAIN = 5


def measure() -> None:
    """By the record alone in one process and in two, with execution, by size, and BFCL's own entries."""
    audited = "tests.bench.audits.audited"
    one, two, executed = in_turn(
        [audited, str(_MANY), "1"], [audited, str(_MANY), "2"], ["tests.bench.audits.executed"]
    )
    say(f"audits: {_MANY:,} dialogues of {CALLS} calls; rules TA0 to TA4 and TA7")
    row("one process", one)
    row("two processes", two)
    say(
        f"  a core judges {_per_core(one):,.0f} dialogues/s and {CALLS * _per_core(one):,.0f} calls/s;"
        f" two processes are {two['per_second'] / one['per_second']:.2f} times as fast as one"
    )
    row("with execution, all packs", executed)
    say(f"  a core judges and executes {_per_core(executed):,.0f} dialogues/s")
    growth.measure()
    if find_spec("bfcl_eval") is not None:
        _bfcl()


def _per_core(figures: Figures) -> float:
    """Dialogues in a second of processor time, that of all processes together."""
    return 1000 / figures["cpu_ms"]


def _bfcl() -> None:
    own = "tests.bench.audits.bfcl"
    (same,) = in_turn([own, "states"], turns=1)
    say("BFCL: 800 multi-turn entries, ground truth executed (ours: and judged by all rules)")
    _against_theirs(*in_turn([own, "theirs"], [own, "ours", "1"], [own, "ours", "2"]))
    say(f"  {same['equal']:,.0f} of {same['turns']:,.0f} states after turns are equal")
    say(f"BFCL: the same entries {_AGAIN} times over, start and imports left out on both sides")
    _against_theirs(
        *in_turn(
            [own, "theirs", str(_AGAIN)], [own, "ours", "1", str(_AGAIN)], [own, "ours", "2", str(_AGAIN)]
        )
    )


def _against_theirs(theirs: Figures, one: Figures, two: Figures) -> None:
    row("bfcl-eval's checker", theirs)
    row("audit --env bfcl", one)
    row("audit --env bfcl --jobs 2", two)
    best = max(one["per_second"], two["per_second"])
    say(
        f"  {_per_core(one) / _per_core(theirs):.2f} times their rate on a core,"
        f" {best / theirs['per_second']:.2f} times in all"
    )
