"""Ask again what may succeed later, a bounded number of times."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from engine.chat.base import ChatModel
from engine.errors import TransientError
from engine.events import EventStream, RequestRetried
from engine.types import ChatReply, ChatRequest

__all__ = ["RetryPolicy", "RetryingModel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how late; an outage of half a minute is waited for.

    A refusal for overload is no sign of illness, so it may happen more often.
    """

    attempts: int = 8
    overload_attempts: int = 40
    base_seconds: float = 0.5
    ceiling_seconds: float = 60.0

    def delay(self, attempt: int, error: TransientError, draw: float) -> float:
        """Give the seconds to wait after the ``attempt``-th failure (from 1); ``draw`` is in [0, 1)."""
        if error.retry_after is not None:
            return error.retry_after
        exponent = min(attempt - 1, 32)
        return min(self.ceiling_seconds, self.base_seconds * 2.0**exponent) * (0.5 + draw / 2)

    def gives_up(self, failures: int, error: TransientError) -> bool:
        """Tell whether ``failures``, the last of them ``error``, are enough."""
        return failures >= (self.overload_attempts if error.overload else self.attempts)


class RetryingModel:
    """Repeats transient failures of ``inner``; the last one is raised when patience ends."""

    def __init__(
        self,
        inner: ChatModel,
        *,
        order: int = 0,
        policy: RetryPolicy | None = None,
        events: EventStream | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._order = order
        self._policy = policy or RetryPolicy()
        self._events = events or EventStream()
        self._sleep = sleep
        self._draw = draw

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(self, request: ChatRequest) -> ChatReply:
        outages = overloads = 0
        while True:
            try:
                return await self._inner.complete(request)
            except TransientError as error:
                if error.overload:
                    overloads += 1
                else:
                    outages += 1
                failures = overloads if error.overload else outages
                if self._policy.gives_up(failures, error):
                    raise
                delay = self._policy.delay(failures, error, self._draw())
                reason = str(error)
            self._events.emit(
                RequestRetried(
                    purpose=request.purpose,
                    order=self._order,
                    attempt=outages + overloads,
                    reason=reason,
                    delay_seconds=delay,
                )
            )
            await self._sleep(delay)
