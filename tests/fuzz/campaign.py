"""Runs attempts of a fuzzer, each with chance of its own, so that any of them can be repeated alone."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from sandbox import ProcessRuntime
from tests.fuzz.frames import attack_frames
from tests.fuzz.programs import attack_with_program
from tests.fuzz.schemas import attack_schema

__all__ = ["FUZZERS", "Failure", "attempt", "campaign"]

Fuzzer = Callable[[random.Random, ProcessRuntime], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An attempt that showed something wrong, and how to repeat it."""

    fuzzer: str
    seed: int
    number: int
    error: BaseException


async def _frames(chance: random.Random, _: ProcessRuntime) -> str:
    return attack_frames(chance)


async def _schemas(chance: random.Random, _: ProcessRuntime) -> str:
    return attack_schema(chance)


FUZZERS: Mapping[str, Fuzzer] = {
    "frames": _frames,
    "programs": attack_with_program,
    "schemas": _schemas,
}


async def attempt(fuzzer: str, seed: int, number: int, runtime: ProcessRuntime) -> Failure | None:
    """Make one attempt; all its chance comes from the fuzzer, the seed and the number."""
    try:
        await FUZZERS[fuzzer](random.Random(f"{fuzzer} {seed} {number}"), runtime)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what the fuzzer looks for
        return Failure(fuzzer=fuzzer, seed=seed, number=number, error=error)
    return None


async def campaign(
    fuzzer: str, seed: int, numbers: Iterable[int], runtime: ProcessRuntime, *, seconds: float
) -> tuple[int, Failure | None]:
    """Make attempts until one fails or the time is up; give how many were made and the failure."""
    end = time.monotonic() + seconds
    made = 0
    for number in numbers:
        failure = await attempt(fuzzer, seed, number, runtime)
        made += 1
        if failure is not None or time.monotonic() > end:
            return made, failure
    return made, None
