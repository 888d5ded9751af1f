"""``python -m engine.simulated BEHAVIOUR``: a simulated server; the behaviour is a JSON object.

It prints its address and lives until its standard input closes, so it dies with whoever started it.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import anyio
import anyio.to_thread
import orjson

from engine.simulated import Behaviour, SimulatedServer


async def _main(behaviour: Behaviour) -> None:
    async with SimulatedServer(behaviour).running() as server:
        with suppress(BrokenPipeError):  # who started it has gone: so will its input
            sys.stdout.write(f"{server.url}\n")
            sys.stdout.flush()
        await anyio.to_thread.run_sync(sys.stdin.buffer.read)


if __name__ == "__main__":
    anyio.run(_main, Behaviour(**orjson.loads(sys.argv[1])))
