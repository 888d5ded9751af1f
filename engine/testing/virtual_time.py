"""A clock that jumps to the next timer whenever nothing is left to do, so that tests never sleep."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import anyio

__all__ = ["VirtualTimeLoop", "run_in_virtual_time"]

ResultT = TypeVar("ResultT")

_LONGEST_BLOCK_SECONDS = 20.0


class _JumpingSelector(selectors.SelectSelector):
    """Never blocks while a timer is set: it moves the time instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:  # only a thread or a socket can wake the loop now
            ready = super().select(_LONGEST_BLOCK_SECONDS)
            if not ready:
                raise RuntimeError("deadlock: every task waits and no timer is set")
            return ready
        self.now += max(timeout, 1e-6)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time; ``anyio.current_time`` and all anyio timers follow it."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_in_virtual_time(main: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Run an async function to its end; hours pass in milliseconds."""
    options: Mapping[str, object] = {"loop_factory": VirtualTimeLoop}
    return anyio.run(main, backend="asyncio", backend_options=dict(options))
