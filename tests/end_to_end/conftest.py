"""A server for all, and one undisturbed run that the others are compared with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.end_to_end.program import Finished, WatchedServer, run_program
from tests.end_to_end.runs import Reference, arguments


@pytest.fixture(scope="session")
async def server(anyio_backend: str) -> AsyncIterator[WatchedServer]:  # noqa: ARG001  # so that sync tests may use it
    watched = WatchedServer()
    async with watched.server.running():
        yield watched


@pytest.fixture(scope="session")
async def slow_server(anyio_backend: str) -> AsyncIterator[WatchedServer]:  # noqa: ARG001  # as above
    """Each answer takes 5 ms, so that a run can be caught in the middle."""
    watched = WatchedServer(seconds=0.005)
    async with watched.server.running():
        yield watched


@pytest.fixture(scope="session")
async def reference(server: WatchedServer, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Eight dialogues, made by one process that nobody disturbed."""
    folder: Path = tmp_path_factory.mktemp("reference") / "run"
    before = server.requests
    finished: Finished = await run_program(*arguments(server, folder), "--concurrency", "8")
    assert finished.status == 0, finished.err
    return Reference(folder=folder, finished=finished, requests=server.requests - before)
