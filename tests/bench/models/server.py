"""A loopback server that answers every chat request after 50 ms; prints its port."""

from __future__ import annotations

import asyncio
import sys

import orjson
from aiohttp import web

_SECONDS = 0.05
_BODY = orjson.dumps(
    {
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": '{"text":"hello there"}'},
            }
        ],
        "usage": {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34},
    }
)


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    await asyncio.sleep(_SECONDS)
    return web.Response(body=_BODY, content_type="application/json")


async def _main() -> None:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
