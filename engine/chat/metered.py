"""Pass every gate before a request is sent, and tell the gates how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from engine.chat.base import ChatModel
from engine.errors import ModelError, TransientError, UnusableModel
from engine.events import EventStream, ReplyReceived, RequestFailed
from engine.gates import Abandoned, Answered, GateOutcome, Gates, Refused
from engine.types import ChatReply, ChatRequest

__all__ = ["MeteredModel"]


class MeteredModel:
    """Sends requests through ``gates`` on behalf of the dialogue ``order``; the oldest dialogue goes first.

    ``others`` are the same model at other endpoints, in the order of the request window's lanes.  Raises what
    ``inner`` raises, and ``BudgetSpent``.  An endpoint that is unusable is a transient error as long as
    another one may answer.
    """

    def __init__(
        self,
        inner: ChatModel,
        gates: Gates,
        *,
        order: int = 0,
        others: Sequence[ChatModel] = (),
        events: EventStream | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._models = (inner, *others)
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
            reply = await self._models[lease.lane].complete(request)
            outcome = Answered(reply.usage)
        except ModelError as error:
            outcome = _outcome_of(error)
            self._events.emit(
                RequestFailed(
                    purpose=request.purpose,
                    order=self._order,
                    reason=str(error),
                    seconds=self._clock() - sent_at,
                )
            )
            lease.release(outcome)
            if isinstance(error, UnusableModel) and not self._gates.requests.is_hopeless:
                raise TransientError(str(error)) from error
            raise
        finally:
            if not lease.is_released:
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


def _outcome_of(error: ModelError) -> GateOutcome:
    match error:
        case TransientError():
            return Refused(error.overload, error.retry_after, reason=str(error))
        case UnusableModel():
            return Refused(is_unusable=True, reason=str(error))
        case _:
            return Abandoned()
