"""How fast dialogues are audited, with and without execution, and next to another checker."""

from __future__ import annotations

from importlib.util import find_spec

from tests.bench.audits import growth
from tests.bench.audits.six_calls import CALLS
from tests.bench.side_by_side import Figures, in_turn, row, say

__all__ = ["measure"]

_MANY = 60_000
_AGAIN = 5
_ON_EXECUTION = ("TA5", "TA6")
_BFCL = "tests.bench.audits.bfcl"


def measure() -> None:
    """By the record alone in one process and in two, with execution, by size, and BFCL's own entries."""
    audited = "tests.bench.audits.audited"
    one, two = in_turn([audited, str(_MANY), "1"], [audited, str(_MANY), "2"])
    say(f"audits: {_MANY:,} dialogues of {CALLS} calls; rules TA0 to TA4 and TA7")
    row("one process", one)
    row("two processes", two)
    say(
        f"  a core judges {_per_core(one):,.0f} dialogues/s and {CALLS * _per_core(one):,.0f} calls/s;"
        f" two processes are {two['per_second'] / one['per_second']:.2f} times as fast as one"
    )
    _executed("desk", "in one pack, six calls each")
    _executed("made", "in all packs, as they are made here")
    growth.measure()
    if find_spec("bfcl_eval") is not None:
        _bfcl()


def _executed(which: str, what: str) -> None:
    executed = ["tests.bench.audits.executed", which]
    ways = [[], [*_ON_EXECUTION], ["again"], ["again", *_ON_EXECUTION]]
    by_all, by_execution, all_again, execution_again = in_turn(*([*executed, *way] for way in ways))
    say(f"audits with every call executed {what}")
    row("all rules", by_all)
    row(f"--select {','.join(_ON_EXECUTION)}", by_execution)
    say(
        f"  a core judges and executes {_per_core(by_all):,.0f} dialogues/s by all rules,"
        f" {_per_core(by_execution):,.0f} by those on execution and state alone;"
        f" once the packs are open {_per_core(all_again):,.0f} and {_per_core(execution_again):,.0f}"
    )


def _per_core(figures: Figures) -> float:
    """Dialogues in a second of processor time, that of all processes together."""
    return 1000 / figures["cpu_ms"]


def _bfcl() -> None:
    (same,) = in_turn([_BFCL, "states"], turns=1)
    say("BFCL: 800 multi-turn entries, ground truth executed and compared")
    _against_theirs()
    say(f"  {same['equal']:,.0f} of {same['turns']:,.0f} states after turns are equal")
    say(f"BFCL: the same entries {_AGAIN} times over, start and imports left out on both sides")
    _against_theirs(str(_AGAIN))


def _against_theirs(*times: str) -> None:
    """Beside their checker, our rules on execution and state, which are what theirs looks at, and all."""
    ways = [(what, jobs) for what in ("ours-executing", "ours") for jobs in ("1", "2")]
    theirs, *ours = in_turn([_BFCL, "theirs", *times], *([_BFCL, *way, *times] for way in ways))
    row("bfcl-eval's checker", theirs)
    for (what, jobs), figures in zip(ways, ours, strict=True):
        rules = "--select TA5,TA6" if what == "ours-executing" else "all rules"
        row(f"audit --jobs {jobs}, {rules}", figures)
    for name, one, two in (("execution alone", ours[0], ours[1]), ("all rules", ours[2], ours[3])):
        best = max(one["per_second"], two["per_second"])
        say(
            f"  {name}: {_per_core(one) / _per_core(theirs):.2f} times their rate on a core,"
            f" {best / theirs['per_second']:.2f} times in all"
        )
