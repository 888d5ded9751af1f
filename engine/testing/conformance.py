"""What every ``ChatModel`` must do, as one function that a test calls."""

from __future__ import annotations

import anyio
import anyio.lowlevel

from engine.chat.base import ChatModel
from engine.types import ChatReply, ChatRequest

__all__ = ["check_chat_model"]


async def check_chat_model(model: ChatModel, requests: tuple[ChatRequest, ...]) -> None:
    """Raise ``AssertionError`` naming the first promise that ``model`` does not keep.

    ``requests`` are at least two different ones that the model can answer.
    """
    assert len(requests) >= 2, "give at least two requests"
    assert model.name, "a model has a name"
    assert model.name == model.name, "a model keeps its name"
    replies = await _ask_at_once(model, requests)
    for request, reply in zip(requests, replies, strict=True):
        _check_reply(request, reply)
    await _check_cancellation(model, requests[0])
    again = await model.complete(requests[-1])
    _check_reply(requests[-1], again)


def _check_reply(request: ChatRequest, reply: ChatReply) -> None:
    assert isinstance(reply, ChatReply), "a reply is a ChatReply"
    assert reply.model, "a reply names its model"
    assert reply.finish_reason, "a reply says why it ended"
    assert reply.usage.prompt_tokens > 0, "a prompt costs tokens"
    assert 0 <= reply.usage.completion_tokens <= request.max_tokens, "max_tokens bounds the completion"


async def _ask_at_once(model: ChatModel, requests: tuple[ChatRequest, ...]) -> list[ChatReply]:
    """Ask all at the same time; every reply belongs to its own request."""
    replies: dict[int, ChatReply] = {}

    async def ask(number: int, request: ChatRequest) -> None:
        replies[number] = await model.complete(request)

    async with anyio.create_task_group() as group:
        for number, request in enumerate(requests):
            group.start_soon(ask, number, request)
    return [replies[number] for number in range(len(requests))]


async def _check_cancellation(model: ChatModel, request: ChatRequest) -> None:
    """A cancelled call ends, and the model still works."""
    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(model.complete, request)
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
