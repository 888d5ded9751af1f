"""Pass every gate before a request is sent, and tell the gates how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.chat.base import ChatModel
from engine.errors import ModelError, TransientError
from engine.events import EventStream, ReplyReceived, RequestFailed
from engine.gates import Abandoned, Answered, GateOutcome, Gates, Refused
from engine.types import ChatReply, ChatRequest

__all__ = ["MeteredModel"]


class MeteredModel:
    """Sends requests through ``gates`` on behalf of the dialogue ``order``; the oldest dialogue goes first.

    Raises what ``inner`` raises, and ``BudgetSpent``.
    """

    def __init__(
        self,
        inner: ChatModel,
        gates: Gates,
        *,
        order: int = 0,
        events: EventStream | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._gates = gates
        self._order = order
        self._events = events or EventStream()
        self._clock = clock

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(self, request: ChatRequest) -> ChatReply:
        lease = await self._gates.admit(self._order, request)
        sent_at = self._clock()
        outcome: GateOutcome = Abandoned()
        try:
            reply = await self._inner.complete(request)
            outcome = Answered(reply.usage)
        except ModelError as error:
            if isinstance(error, TransientError):
                outcome = Refused(error.overload, error.retry_after)
            self._events.emit(
                RequestFailed(
                    purpose=request.purpose,
                    order=self._order,
                    reason=str(error),
                    seconds=self._clock() - sent_at,
                )
            )
            raise
        finally:
            lease.release(outcome)
        self._events.emit(
            ReplyReceived(
                purpose=request.purpose,
                order=self._order,
                usage=reply.usage,
                seconds=self._clock() - sent_at,
            )
        )
        return reply
