"""How fast the engine asks, next to a bare loop that does nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.models.studies import measure_studies
from tests.bench.side_by_side import in_turn, row, say

__all__ = ["measure"]


def measure() -> None:
    """2,000 requests, 200 in flight, to a loopback server that answers after 50 ms."""
    with _server() as port:
        bare, engine = in_turn(
            ["tests.bench.models.client", "bare", port], ["tests.bench.models.client", "engine", port]
        )
    say("model requests: 2,000, 200 in flight, 50 ms, journal, budget, checks and events on")
    row("bare aiohttp loop", bare)
    row("engine", engine)
    say(
        f"  throughput {engine['per_second'] / bare['per_second']:.2f} of the bare loop's, "
        f"CPU {engine['cpu_ms'] / bare['cpu_ms']:.2f} times"
    )
    measure_studies()


@contextmanager
def _server() -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.models.server"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()
