"""How fast the sandbox executes dialogues."""

from __future__ import annotations

import os
from importlib.util import find_spec

from tests.bench.side_by_side import Figures, in_turn, say

__all__ = ["measure"]

_HERE = "tests.bench.tools"
_LANES = ("confined", "trusted")


def measure() -> None:
    """Lanes and workers side by side; growth; workers at rest; a public benchmark beside its own executor.

    Rates need the cores to themselves; CPU times and their ratios do so less.
    """
    say(f"tools: on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for world, size in (("small", "1.5 KB"), ("large", "12 KB")):
        say(f"tools: six-call dialogues, 16 a message, {size} of state")
        _measure_lanes(world)
    _measure_growth()
    if find_spec("bfcl_eval") is not None:
        _measure_leaderboard()


def _measure_lanes(world: str) -> None:
    ways = [(lane, workers, cores) for workers, cores in ((1, 1), (1, 2), (2, 2)) for lane in _LANES]
    commands = ([f"{_HERE}.lanes", lane, world, str(workers), str(cores)] for lane, workers, cores in ways)
    found = dict(zip(ways, in_turn(*commands), strict=True))
    for (lane, workers, cores), figures in found.items():
        _row(f"{lane}, {_counted(workers, 'worker')}, {_counted(cores, 'core')}", figures)
    confined, trusted = (found[lane, 1, 2] for lane in _LANES)
    say(
        f"  trusted over confined: {trusted['per_second'] / confined['per_second']:.2f} in dialogues/s, "
        f"{confined['cpu_ms'] / trusted['cpu_ms']:.2f} in CPU, "
        f"{confined['worker_ms'] / trusted['worker_ms']:.2f} in the worker's CPU"
    )
    for lane in _LANES:
        two, *ones = (found[lane, *way]["per_second"] for way in ((2, 2), (1, 1), (1, 2)))
        say(
            f"  {lane}: two workers on two cores do {two / ones[0]:.2f} times what one does on one,"
            f" and {two / ones[1]:.2f} times what one does whose parent has the other core"
        )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"


def _row(name: str, figures: Figures) -> None:
    say(
        f"  {name:<30} {figures['per_second']:>8,.0f}/s  CPU each: parent {figures['parent_ms']:.3f} ms, "
        f"worker {figures['worker_ms']:.3f} ms, so a worker could do {1000 / figures['worker_ms']:,.0f}/s; "
        f"a message of one call: parent {figures['message_ms']:.3f} ms, "
        f"{figures['crowded_message_ms']:.3f} ms from eight tasks"
    )


def _measure_growth() -> None:
    calls, dialogues, workers = in_turn(
        *([f"{_HERE}.growth", what] for what in ("calls", "dialogues", "workers"))
    )
    say("tools: growth, in CPU of parent and worker")
    _grown("call, in a dialogue of so many", calls)
    _grown("dialogue, after so many on a worker", dialogues)
    say(
        f"  a worker starts in {workers['start_ms']:.1f} ms; 64 take {workers['memory_mb']:.0f} MB (PSS), "
        f"{workers['loaded_mb']:.0f} MB with a pack loaded in each"
    )


def _grown(name: str, costs: Figures) -> None:
    first = next(iter(costs.values()))
    shown = ", ".join(f"{number}: {cost:.0f} us ({cost / first:.2f})" for number, cost in costs.items())
    say(f"  a {name}: {shown}")


def _measure_leaderboard() -> None:
    theirs, ours, finals, states = in_turn(
        *([f"{_HERE}.leaderboard", which] for which in ("theirs", "ours", "ours-final", "ours-states"))
    )
    say("tools: BFCL multi-turn ground truth, 800 entries, dialogues per second of one core")
    for name, figures in (
        ("bfcl-eval's executor", theirs),
        ("ours, as an audit runs them", ours),
        ("ours, final states read", finals),
        ("ours, all states read", states),
    ):
        say(f"  {name:<28} {figures['per_core_second']:>8,.0f}/s")
    ratios = [theirs["cpu_ms"] / figures["cpu_ms"] for figures in (ours, finals, states)]
    say(
        f"  ours over theirs: {ratios[0]:.2f}; {ratios[1]:.2f} with final states read and {ratios[2]:.2f} "
        "with all, which theirs never does"
    )
