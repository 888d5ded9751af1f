"""A short slice of each fuzzer; ``make fuzz`` runs them for longer and with another seed each time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox import ProcessRuntime, open_runtime
from tests.fuzz.campaign import FUZZERS, attempt

ATTEMPTS = {"frames": 300, "programs": 60, "schemas": 200}


@pytest.fixture(scope="module")
async def runtime() -> AsyncIterator[ProcessRuntime]:
    async with open_runtime(workers=1, batch_seconds=10, call_seconds=5) as opened:
        yield opened


@pytest.mark.parametrize("fuzzer", sorted(FUZZERS))
async def test_no_drawn_attack_gets_anywhere(fuzzer: str, runtime: ProcessRuntime) -> None:
    for number in range(ATTEMPTS[fuzzer]):
        failure = await attempt(fuzzer, 1, number, runtime)
        if failure is not None:
            raise failure.error
