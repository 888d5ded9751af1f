"""Fixtures of the sandbox's tests: one runtime for all, and a small pack of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox import OpenedPack, ProcessRuntime, open_pack, open_runtime

LIBRARY = Path(__file__).parent / "packs" / "library"


@pytest.fixture(scope="session")
async def runtime() -> AsyncIterator[ProcessRuntime]:
    async with open_runtime(workers=2, batch_seconds=10, call_seconds=2) as opened:
        yield opened


@pytest.fixture(scope="session")
def library() -> OpenedPack:
    return open_pack(LIBRARY)
