"""A loopback server that speaks chat completions and misbehaves on demand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import anyio
import orjson
from aiohttp import web

__all__ = ["Answer", "OpenAIServer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server does with one request.

    ``text`` makes an ordinary completion; ``body`` goes out as it is instead; ``hang_up`` cuts the
    connection without a word.
    """

    text: str = "Hello!"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = 0.0
    hang_up: bool = False
    with_usage: bool = True


Chooser = Callable[[Mapping[str, Any], int], Answer]


class OpenAIServer:
    """Counts what it is asked and answers as ``choose`` says (the request's JSON, its number from 0).

    ``admits`` is how many requests it works on at once; it answers 429 with ``Retry-After`` beyond.
    """

    def __init__(
        self,
        choose: Chooser | None = None,
        *,
        key: str | None = None,
        admits: int | None = None,
        retry_after: str = "1",
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._choose = choose or _always_hello
        self._key = key
        self._admits = admits
        self._retry_after = retry_after
        self._sleep = sleep
        self.asked: list[Mapping[str, Any]] = []
        self.refusals = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Self, None]:
        """Serve on a free loopback port until the block ends; ``url`` is the API's root."""
        application = web.Application(client_max_size=2**24)
        application.router.add_post("/v1/chat/completions", self._serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            self.url = f"http://{host}:{port}/v1"
            yield self
        finally:
            await runner.cleanup()

    async def _serve(self, call: web.Request) -> web.StreamResponse:
        asked = orjson.loads(await call.read())
        number = len(self.asked)
        self.asked.append(asked)
        if self._key is not None and call.headers.get("Authorization") != f"Bearer {self._key}":
            return _error(401, f"Incorrect API key provided: {call.headers.get('Authorization')}")
        if self._admits is not None and self.in_flight >= self._admits:
            self.refusals += 1
            return _error(429, "slow down", {"Retry-After": self._retry_after})
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._answer(call, asked, number)
        finally:
            self.in_flight -= 1

    async def _answer(self, call: web.Request, asked: Mapping[str, Any], number: int) -> web.StreamResponse:
        answer = self._choose(asked, number)
        if answer.seconds:
            await self._sleep(answer.seconds)
        if answer.hang_up and call.transport is not None:
            call.transport.close()
        if answer.body is not None:
            return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
        if answer.status != 200:
            return _error(answer.status, answer.text, answer.headers)
        body = completion(asked, answer.text, with_usage=answer.with_usage)
        return web.Response(body=body, headers=answer.headers, content_type="application/json")


def _always_hello(asked: Mapping[str, Any], number: int) -> Answer:
    del asked, number
    return Answer()


def completion(asked: Mapping[str, Any], text: str, *, with_usage: bool) -> bytes:
    """Write an ordinary completion; a token is a word."""
    words = sum(len(str(message["content"]).split()) for message in asked["messages"])
    written: dict[str, Any] = {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": 0,
        "model": asked["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
    }
    if with_usage:
        count = len(text.split())
        written["usage"] = {
            "prompt_tokens": words,
            "completion_tokens": count,
            "total_tokens": words + count,
        }
    return orjson.dumps(written)


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = orjson.dumps({"error": {"message": message, "type": "error", "code": None}})
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")
