"""A chat model that does what a script says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import anyio

from engine.types import ChatMessage, ChatReply, ChatRequest, JsonObject, Usage

__all__ = ["ScriptedModel", "request"]


def request(
    text: str = "Hello",
    *,
    purpose: str = "test",
    max_tokens: int = 16,
    seed: int = 0,
    schema: JsonObject | None = None,
) -> ChatRequest:
    """Build a small request."""
    return ChatRequest(
        purpose=purpose,
        messages=(ChatMessage(role="user", content=text),),
        max_tokens=max_tokens,
        seed=seed,
        schema=schema,
    )


class ScriptedModel:
    """Answers with the script's next line, an error as an exception, and echoes when the script has ended.

    ``requests`` holds all that was asked; ``most_in_flight`` is the largest number at once.
    """

    def __init__(
        self,
        script: Iterable[str | ChatReply | Exception] = (),
        *,
        name: str = "scripted",
        seconds: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._script = iter(script)
        self._name = name
        self._seconds = seconds
        self._sleep = sleep
        self._in_flight = 0
        self.most_in_flight = 0
        self.requests: list[ChatRequest] = []

    @property
    def name(self) -> str:
        return self._name

    async def complete(self, request: ChatRequest) -> ChatReply:
        self.requests.append(request)
        line = next(self._script, f"echo: {request.messages[-1].content}")
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await self._sleep(self._seconds)
        finally:
            self._in_flight -= 1
        match line:
            case Exception():
                raise line
            case ChatReply():
                return line
            case str():
                usage = Usage(
                    prompt_tokens=sum(len(message.content.split()) for message in request.messages),
                    completion_tokens=min(request.max_tokens, len(line.split())),
                )
                return ChatReply(text=line, model=self._name, usage=usage)
