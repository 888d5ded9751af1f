"""``python -m tests.fuzz``: attacks frames, tool code and schemas with drawn inputs, for a bounded time."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
import traceback

import anyio

from sandbox import open_runtime
from tests.fuzz.campaign import FUZZERS, Failure, campaign


def main() -> int:
    """Run the campaigns; 1 if anything was found."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0, help="time for all fuzzers together")
    options.add_argument("--seed", type=int, default=None, help="another one each time by default")
    options.add_argument("--only", choices=sorted(FUZZERS), help="one fuzzer alone")
    options.add_argument("--number", type=int, help="one attempt alone, as a failure names it")
    given = options.parse_args()
    seed = time.time_ns() % 10**9 if given.seed is None else given.seed
    return anyio.run(_run, given, seed)


async def _run(given: argparse.Namespace, seed: int) -> int:
    chosen = [given.only] if given.only else sorted(FUZZERS)
    found = False
    async with open_runtime(workers=1, batch_seconds=10, call_seconds=5) as runtime:
        for fuzzer in chosen:
            seconds = given.seconds / len(chosen)
            numbers = itertools.count() if given.number is None else [given.number]
            made, failure = await campaign(fuzzer, seed, numbers, runtime, seconds=seconds)
            _say(f"{fuzzer}: {made} attempts with seed {seed}")
            if failure is not None:
                found = True
                _tell(failure)
    return 1 if found else 0


def _tell(failure: Failure) -> None:
    _say("".join(traceback.format_exception(failure.error)))
    again = f"--only {failure.fuzzer} --seed {failure.seed} --number {failure.number}"
    _say(f"again: python -m tests.fuzz {again}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


sys.exit(main())
