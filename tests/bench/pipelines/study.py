"""How fast whole dialogues are made."""

from __future__ import annotations

from tests.bench.models.study import model_server
from tests.bench.side_by_side import Figures, in_turn, row, say

__all__ = ["measure"]

_COUNTS = (100, 1_000)
_BARE_LOOPS = 2.5


def measure() -> None:
    """Coarse dialogues without a model; and refined ones with the simulated model, few and many."""
    (made,) = in_turn(["tests.bench.pipelines.dialogues", "make"])
    say("dialogues: all packs, no model, every call executed while planned and again when verified")
    row("made", made)
    with model_server() as port:
        bare, engine, *simulated = in_turn(
            ["tests.bench.models.client", "bare", port],
            ["tests.bench.models.client", "engine", port, "rarely"],
            *(["tests.bench.pipelines.simulated", str(count)] for count in _COUNTS),
        )
    say("dialogues refined and judged by the simulated model, 0 to 50 ms an answer, on one core (goal 40/s)")
    for count, figures in zip(_COUNTS, simulated, strict=True):
        row(f"{count:,} of them", figures)
    _compare(bare, engine, *simulated)


def _compare(bare: Figures, engine: Figures, few: Figures, many: Figures) -> None:
    asking = many["requests"] * engine["cpu_ms"]
    calling = many["share_of_sandbox"] * many["cpu_ms"]
    say(f"  the sandbox's workers {many['sandbox_ms']:.1f} ms, talking to them {calling:.1f} ms")
    rest = many["cpu_ms"] - calling
    requests = f"{many['requests']:.1f} requests"
    say(f"  the rest {rest / asking:.2f} times what {requests} cost the engine in its own bench (goal 1.3)")
    allowed = many["requests"] * _BARE_LOOPS * bare["cpu_ms"]
    say(f"  and {rest / allowed:.2f} times what they may cost, {_BARE_LOOPS} bare loops each")
    shares = {name: many[f"share_of_{name}"] for name in ("requests", "sandbox")}
    say(f"  {shares['requests']:.0%} of its CPU go into requests, {shares['sandbox']:.0%} into talking")
    say(f"  {many['simulation_ms']:.2f} ms of it only because the model is simulated")
    used = many["per_second"] * (many["cpu_ms"] + many["sandbox_ms"]) / 1000
    say(f"  {used:.2f} of the core was used, all of it would give {many['per_second'] / used:.0f}/s")
    cpu, memory = (many[key] / few[key] for key in ("cpu_ms", "peak_mb"))
    times = _COUNTS[1] // _COUNTS[0]
    say(f"  {times} times as many: {cpu:.2f} times the CPU each, {memory:.2f} times the memory")
