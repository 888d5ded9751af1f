"""A loopback server that answers as a ``Behaviour`` says, and counts what it is asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self

import anyio
import orjson
from aiohttp import web

from engine.chat.digest import request_digest
from engine.chat.simulated import SimulatedModel
from engine.simulated.behaviour import Behaviour, Trouble
from engine.simulated.wire import request_of
from engine.types import ChatReply, ChatRequest

__all__ = ["SimulatedServer"]

# A known-good answer may be a whole plan.
_LARGEST_HEADER = 2**20


class SimulatedServer:
    """Serves the simulated model and counts what happens; ``url`` is the API's root.

    ``repeats`` counts the answers to requests that had been answered before.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._model = SimulatedModel(
            seed=behaviour.seed, error_rate=behaviour.error_rate, nonsense_rate=behaviour.nonsense_rate
        )
        self._attempts: dict[str, int] = {}
        self._answered: set[int] = set()
        self._in_flight = 0
        self._counts = dict.fromkeys(
            ("asked", "answered", "refusals", "outages", "malformed", "repeats", "most_in_flight"), 0
        )
        self._target = 0
        self._reached = anyio.Event()
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Self, None]:
        """Serve on a free loopback port until the block ends."""
        application = web.Application(client_max_size=2**24)
        application.router.add_post("/v1/chat/completions", self._serve)
        application.router.add_get("/statistics", self._tell)
        runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=0.1, max_field_size=_LARGEST_HEADER
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            yield self
        finally:
            await runner.cleanup()

    def statistics(self) -> dict[str, Any]:
        return {"model": self._model.name, **self._counts, "in_flight": self._in_flight}

    async def asked_again(self, more: int) -> None:
        """Wait until so many more requests have come."""
        self._target = self._counts["asked"] + more
        self._reached = anyio.Event()
        await self._reached.wait()

    async def _tell(self, _: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(self.statistics()), content_type="application/json")

    async def _serve(self, call: web.Request) -> web.Response:
        self._counts["asked"] += 1
        if self._counts["asked"] == self._target:
            self._reached.set()
        try:
            request = request_of(orjson.loads(await call.read()), call.headers)
        except (KeyError, TypeError, ValueError) as error:
            return _refusal(400, f"not a request that can be simulated: {error}")
        if self._behaviour.admits is not None and self._in_flight >= self._behaviour.admits:
            self._counts["refusals"] += 1
            return _refusal(429, "too many requests", retry_after=self._behaviour.retry_after)
        self._in_flight += 1
        self._counts["most_in_flight"] = max(self._counts["most_in_flight"], self._in_flight)
        try:
            return await self._answer(request)
        finally:
            self._in_flight -= 1

    async def _answer(self, request: ChatRequest) -> web.Response:
        digest = request_digest(request, self._model.name)
        seconds = self._behaviour.latency(digest, self._in_flight)
        if seconds:
            await anyio.sleep(seconds)
        match self._trouble(digest):
            case Trouble.REFUSAL:
                self._counts["refusals"] += 1
                return _refusal(429, "too many requests", retry_after=self._behaviour.retry_after)
            case Trouble.OUTAGE:
                self._counts["outages"] += 1
                return _refusal(500, "something broke")
            case Trouble.MALFORMED:
                self._counts["malformed"] += 1
                return web.Response(body=b'{"choices": [', content_type="application/json")
            case Trouble.NONE:
                self._count_answer(digest)
                return web.Response(
                    body=_completion(await self._model.complete(request)), content_type="application/json"
                )

    def _trouble(self, digest: str) -> Trouble:
        """Draw this asking's trouble; how often a request was asked is kept only while it meets trouble."""
        attempt = self._attempts.pop(digest, 0)
        trouble = self._behaviour.trouble(digest, attempt)
        if trouble is not Trouble.NONE:
            self._attempts[digest] = attempt + 1
        return trouble

    def _count_answer(self, digest: str) -> None:
        short = int(digest[:15], 16)  # eight bytes a request, so that long runs can be watched too
        self._counts["answered"] += 1
        self._counts["repeats"] += short in self._answered
        self._answered.add(short)


def _completion(reply: ChatReply) -> bytes:
    usage = reply.usage
    return orjson.dumps(
        {
            "id": "chatcmpl-simulated",
            "object": "chat.completion",
            "created": 0,
            "model": reply.model,
            "choices": [
                {
                    "index": 0,
                    "finish_reason": reply.finish_reason,
                    "message": {"role": "assistant", "content": reply.text},
                }
            ],
            "usage": {
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
                "total_tokens": usage.total_tokens,
            },
        }
    )


def _refusal(status: int, message: str, *, retry_after: float | None = None) -> web.Response:
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    body = orjson.dumps({"error": {"message": message, "type": "simulated", "code": None}})
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")
