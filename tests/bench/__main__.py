"""``make bench``: speed and memory, as ratios measured side by side in one run.

Each measurement is a process of its own, run three times in turn with what it is compared to; the middle one
counts.  Absolute figures depend on the machine and on what else it does; the ratios do so much less.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence

_TURNS = 3


def main() -> None:
    _client()
    _pipeline()


def _client() -> None:
    """2,000 requests, 200 in flight, to a loopback server that answers after 50 ms."""
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.server"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        port = server.stdout.readline().strip()
        bare, engine = _in_turn(["tests.bench.client", "bare", port], ["tests.bench.client", "engine", port])
    finally:
        server.terminate()
        server.wait()
    _say("model requests: 2,000, 200 in flight, 50 ms, journal, budget, checks and events on")
    _row("bare aiohttp loop", bare)
    _row("engine", engine)
    _say(
        f"  throughput {engine['per_second'] / bare['per_second']:.2f} of the bare loop's, "
        f"CPU {engine['cpu_ms'] / bare['cpu_ms']:.2f} times"
    )


def _pipeline() -> None:
    """Coarse dialogues (planned, executed, injected, verified; no model), and their audit."""
    made, audited = _in_turn(["tests.bench.pipeline", "make"], ["tests.bench.pipeline", "audit"])
    _say("dialogues: all packs, no model, every call executed while planned and again when verified")
    _row("made", made)
    _row("audited with execution", audited)


def _in_turn(*commands: Sequence[str]) -> list[Mapping[str, float]]:
    measured: list[list[Mapping[str, float]]] = [[] for _ in commands]
    for _ in range(_TURNS):
        for place, command in enumerate(commands):
            done = subprocess.run(
                [sys.executable, "-m", *command], capture_output=True, text=True, check=True
            )
            measured[place].append(json.loads(done.stdout))
    return [{key: statistics.median(run[key] for run in runs) for key in runs[0]} for runs in measured]


def _row(name: str, figures: Mapping[str, float]) -> None:
    _say(
        f"  {name:<24} {figures['per_second']:>8,.0f}/s  {figures['cpu_ms']:>8.3f} ms CPU each  "
        f"{figures['peak_mb']:>6.0f} MB peak"
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
