"""Starting the simulated server in a process of its own, and talking to it as to any endpoint."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import anyio
import orjson
from anyio.streams.buffered import BufferedByteReceiveStream

from engine.chat.openai_http import OpenAIModel, open_openai
from engine.errors import UnusableModel
from engine.simulated.behaviour import Behaviour
from engine.simulated.wire import expected_headers

__all__ = ["SimulatedProcess", "ask_statistics", "open_simulated", "open_simulated_at", "serving"]

_LONGEST_START_SECONDS = 60.0
_LONGEST_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedProcess:
    """A simulated server that runs elsewhere."""

    url: str
    pid: int


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncGenerator[SimulatedProcess, None]:
    """Run a simulated server in a process of its own until the block ends, or this process does.

    Raises ``UnusableModel`` when it does not start.
    """
    # -P: a folder named engine, where the user happens to be, must not hide ours
    command = [
        sys.executable,
        "-P",
        "-m",
        "engine.simulated",
        orjson.dumps(asdict(behaviour)).decode(),
    ]
    async with await anyio.open_process(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, start_new_session=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with anyio.fail_after(_LONGEST_START_SECONDS):
                address = await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", 256)
        except (TimeoutError, anyio.EndOfStream, anyio.IncompleteRead):
            process.kill()
            raise UnusableModel("the simulated server does not start: see what it said above") from None
        try:
            yield SimulatedProcess(url=address.decode().strip(), pid=process.pid)
        finally:
            with anyio.CancelScope(shield=True):
                await process.stdin.aclose()
                with anyio.move_on_after(_LONGEST_STOP_SECONDS):
                    await process.wait()
                if process.returncode is None:
                    process.kill()


@asynccontextmanager
async def open_simulated(behaviour: Behaviour) -> AsyncGenerator[OpenAIModel, None]:
    """Start a simulated server and open the model behind it, over the ordinary HTTP client."""
    async with serving(behaviour) as process, open_simulated_at(process.url) as model:
        yield model


@asynccontextmanager
async def open_simulated_at(url: str) -> AsyncGenerator[OpenAIModel, None]:
    """Open the model behind a simulated server that runs already.  Raises ``UnusableModel``."""
    name = str((await ask_statistics(url))["model"])
    async with open_openai(url, name, headers=expected_headers) as model:
        yield model


async def ask_statistics(url: str) -> Mapping[str, Any]:
    """Ask a simulated server for its name and its counts.  Raises ``UnusableModel``."""
    server = urlsplit(url)
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{server.scheme}://{server.netloc}/statistics") as response,
        ):
            told = orjson.loads(await response.read())
            if response.status == 200 and isinstance(told, dict) and "model" in told:
                return told
    except (aiohttp.ClientError, OSError, ValueError):
        pass
    raise UnusableModel(f"no simulated server answers at {url}: start one, or use --model simulated")
