"""Which attempts a run makes: just as many as it takes to accept what was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio

__all__ = ["Quota"]


class Quota:
    """Hands out attempt numbers 0, 1, 2, ... while the attempts in hand may not be enough.

    A number is handed out only when the accepted and the unfinished attempts together are fewer than
    ``wanted``.  So the attempts made are always the shortest run from 0 that holds ``wanted`` accepted ones,
    whatever finishes first and however often the run is stopped.
    """

    def __init__(self, wanted: int, *, most: int) -> None:
        self._wanted = wanted
        self._most = most
        self._accepted = 0
        self._open = 0
        self._closed = False
        self._ended = anyio.Event()

    async def numbers(self) -> AsyncIterator[int]:
        for number in range(self._most):
            while self._accepted + self._open >= self._wanted:
                if self._accepted >= self._wanted or self._closed:
                    return
                self._ended = anyio.Event()
                await self._ended.wait()
            self._open += 1
            yield number

    def close(self) -> None:
        """Tell that no more attempts are to be made; those that are open may never end."""
        self._closed = True
        self._ended.set()

    def ended(self, *, accepted: bool) -> None:
        """Tell that one attempt has ended."""
        self._open -= 1
        self._accepted += accepted
        self._ended.set()
