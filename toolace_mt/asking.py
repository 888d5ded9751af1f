"""How the stages ask the model: one narrow function, and a tally of what one dialogue cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from engine import ChatModel, ChatReply, ChatRequest, RefusedRequest, Usage

__all__ = ["Ask", "Cost", "Tally"]

Ask = Callable[[ChatRequest], Awaitable[ChatReply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What requests cost: their number and their tokens."""

    requests: int = 0
    usage: Usage = field(default_factory=Usage)


class Tally:
    """Asks a model and counts what it cost.  A reply from the journal counts as it did when it was paid."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self._usages: list[Usage] = []

    @property
    def cost(self) -> Cost:
        return Cost(requests=len(self._usages), usage=sum(self._usages, Usage()))

    async def ask(self, request: ChatRequest) -> ChatReply:
        try:
            reply = await self._model.complete(request)
        except RefusedRequest as refused:
            if refused.usage is not None:
                self._usages.append(refused.usage)
            raise
        self._usages.append(reply.usage)
        return reply
