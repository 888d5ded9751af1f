"""The parent's side of the template process, from which confined workers are forked."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from sandbox.errors import IsolationError
from sandbox.workers.channel import receive
from sandbox.workers.frames import FrameError

__all__ = ["START_SECONDS", "Template", "end_template", "start_template", "wait_until_ready"]

IMPORTED = ("RestrictedPython", "jsonschema_rs", "orjson", "xxhash")
START_SECONDS = 60.0
BOOT = (
    "import sys, json; sys.path[:0] = json.loads(sys.argv[1]); "
    "import RestrictedPython, jsonschema_rs, orjson, xxhash; "
    "from sandbox.workers.worker import start; start()"
)


class Template:
    """The conversation with a template process, one request at a time.

    Its methods raise ``IsolationError`` when the process has ended.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._talking = anyio.Lock()

    async def fork(self, descriptor: int) -> int:
        """Start a worker that has this end of a socket; give its process number."""
        return int((await self._ask(b"start", [descriptor]))["pid"])

    async def end(self, pid: int) -> int:
        """Kill a worker unless it has ended; give its wait status."""
        return int((await self._ask(str(pid).encode(), []))["status"])

    async def _ask(self, request: bytes, descriptors: list[int]) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        # Shielded: half a conversation would leave the answer to the next request.
        async with self._talking:
            with anyio.CancelScope(shield=True):
                try:
                    socket.send_fds(self._control, [request], descriptors)
                    answer = await receive(self._control)
                except (OSError, FrameError):
                    raise IsolationError("the sandbox's template process has ended; start again") from None
        return answer

    def close(self) -> None:
        """End the process, with its workers."""
        self._control.close()


def start_template(control: socket.socket) -> subprocess.Popen[bytes]:
    """Start the process; it will serve the socket, and end when it closes."""
    command = [
        sys.executable,
        "-I",
        "-S",
        "-B",
        "-c",
        BOOT,
        json.dumps(_import_folders()),
        str(control.fileno()),
    ]
    return subprocess.Popen(  # noqa: S603  # our own interpreter and code
        command,
        pass_fds=[control.fileno()],
        env={},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def end_template(process: subprocess.Popen[bytes]) -> None:
    """Wait until it has ended after its socket was closed."""
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stderr is not None:
        process.stderr.close()


def _import_folders() -> list[str]:
    """List the folders from which a template imports, without importing anything here."""
    folders = [str(Path(__file__).resolve().parent.parent.parent)]
    for name in IMPORTED:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise IsolationError(f"the package {name} is missing; install toolace-mt again")
        origin = Path(spec.origin)
        folder = origin.parent.parent if spec.submodule_search_locations else origin.parent
        if str(folder) not in folders:
            folders.append(str(folder))
    return folders


async def wait_until_ready(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """Wait for its first word.  Raises ``IsolationError`` with what it said instead."""
    try:
        with anyio.fail_after(START_SECONDS):
            await receive(control)
    except (OSError, FrameError, TimeoutError):
        process.kill()
        reason = b""
        if process.stderr is not None:
            with contextlib.suppress(OSError):
                reason = await anyio.to_thread.run_sync(process.stderr.read)
        last = reason.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise IsolationError(f"the sandbox's template process did not start: {last[0]}") from None
