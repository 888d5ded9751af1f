"""Fixtures of the pipeline's tests: one runtime for all, and the shipped packs on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox import Pack, ProcessRuntime, open_pack, open_runtime, shipped_packs
from toolace_mt.testing import Stage, stage_of


@pytest.fixture(scope="session")
async def runtime(anyio_backend: str) -> AsyncIterator[ProcessRuntime]:  # noqa: ARG001  # so that sync tests may use it
    async with open_runtime(workers=1) as opened:
        yield opened


@pytest.fixture(scope="session")
def packs() -> tuple[Pack, ...]:
    return tuple(open_pack(name) for name in shipped_packs())


@pytest.fixture(scope="session")
def stages(runtime: ProcessRuntime, packs: tuple[Pack, ...]) -> dict[str, Stage]:
    """The shipped packs by name, each ready to lay out drafts."""
    return {pack.name: stage_of(pack, runtime, packs) for pack in packs}


@pytest.fixture(scope="session")
def retail(stages: dict[str, Stage]) -> Stage:
    return stages["retail"]
