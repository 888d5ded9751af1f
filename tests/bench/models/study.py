"""How fast the engine asks, next to a bare loop that does nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.models.studies import measure_studies
from tests.bench.side_by_side import in_turn, row, say

__all__ = ["measure", "model_server"]


def measure() -> None:
    """2,000 requests, 200 in flight, to a loopback server that answers after 50 ms."""
    client = "tests.bench.models.client"
    with model_server() as port:
        bare, rare, engine = in_turn(
            [client, "bare", port], [client, "bare", port, "rarely"], [client, "engine", port, "rarely"]
        )
    say("model requests: 2,000, 200 in flight, 50 ms, journal, budget, checks and events on")
    row("bare aiohttp loop", bare)
    row("the same, garbage collected rarely", rare)
    row("engine", engine)
    for name, beside in (("the bare loop's", bare), ("that with rare collection", rare)):
        say(
            f"  throughput {engine['per_second'] / beside['per_second']:.2f} of {name}, "
            f"CPU {engine['cpu_ms'] / beside['cpu_ms']:.2f} times"
        )
    measure_studies()


@contextmanager
def model_server() -> Iterator[str]:
    """Run the loopback server and give its port."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.models.server"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()
