"""A pack as a real MCP server: one world a session, every call in the confined runtime."""

from __future__ import annotations

import socket
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
import orjson

from sandbox.errors import ServingFailed
from sandbox.packs.reading import Pack, ToolSpec
from sandbox.runtime import Runtime, open_runtime
from sandbox.schema import without_hints
from sandbox.session import Session
from sandbox.types import Fault, Outcome, Returned

if TYPE_CHECKING:
    from mcp.server import Server

__all__ = ["pack_server", "serve_http", "serve_stdio"]

MOST_SESSIONS = 256
MOST_WORLDS = 1024
REMEDY = "packs serve needs the package mcp: pip install 'toolace-mt[mcp]'"
SESSION_HEADER = "mcp-session-id"


class _Worlds:
    """The open world of each session."""

    def __init__(self, runtime: Runtime, pack: Pack, world: str) -> None:
        self._runtime = runtime
        self._pack = pack
        self._world = world
        self._open: OrderedDict[str, tuple[Session, anyio.Lock]] = OrderedDict()
        self._closed: set[str] = set()

    async def call(self, session_id: str, name: str, arguments: dict[str, Any]) -> Outcome:
        """Call a tool in the session's world; calls of one session wait for one another."""
        if session_id in self._closed:
            raise ServingFailed("this session's world is closed; open a new session")
        if session_id not in self._open:
            fresh = Session(self._runtime, self._pack, self._world)
            self._open[session_id] = (fresh, anyio.Lock())
        self._open.move_to_end(session_id)
        if len(self._open) > MOST_WORLDS:
            oldest, _ = self._open.popitem(last=False)
            self._closed.add(oldest)
        session, lock = self._open[session_id]
        async with lock:
            return await session.call(name, arguments)


def pack_server(
    pack: Pack, runtime: Runtime, *, world: str | None = None, over_http: bool = False
) -> Server[Any]:
    """Make the MCP server of a pack; the first world by default.

    Over stdio there is one session; ``over_http`` there are many.  Raises ``ServingFailed`` when the package
    ``mcp`` is missing, and ``UnknownWorld``.
    """
    try:
        import mcp_types as types
        from mcp.server import Server
        from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
    except ModuleNotFoundError:
        raise ServingFailed(REMEDY) from None
    start = next(iter(pack.worlds)) if world is None else world
    pack.world(start)
    worlds = _Worlds(runtime, pack, start)
    tools = [types.Tool(**_declaration(tool)) for tool in pack.tools]

    async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        outcome = await worlds.call(_session_id(context), params.name, params.arguments or {})
        text, structured = _written(outcome)
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=text)],
            structured_content=structured,
            is_error=isinstance(outcome, Fault),
        )

    async def discover(context: Any, _params: Any) -> types.DiscoverResult:
        # Over HTTP only the older protocols have sessions, and a world needs one.
        return types.DiscoverResult(
            supported_versions=list(HANDSHAKE_PROTOCOL_VERSIONS),
            capabilities=server.get_capabilities(protocol_version=context.protocol_version),
        )

    server: Server[Any] = Server(
        pack.name,
        version=pack.version,
        instructions=_instructions(pack),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    if over_http:
        server.add_request_handler("server/discover", types.RequestParams, discover)
    return server


def _declaration(tool: ToolSpec) -> dict[str, Any]:
    declared = tool.declaration["function"]
    returns = without_hints(tool.returns)
    return {
        "name": declared["name"],
        "description": declared["description"],
        "input_schema": declared["parameters"],
        "output_schema": returns if returns.get("type") == "object" else None,
        "annotations": {"read_only_hint": tool.effect == "read"},
    }


def _instructions(pack: Pack) -> str:
    return "\n".join(part for part in (pack.description, pack.policy) if part)


def _session_id(context: Any) -> str:
    """Give the session's id; over stdio there is one session."""
    if context.request is None:
        return ""
    found = context.request.headers.get(SESSION_HEADER)
    if not found:
        raise ServingFailed("a call needs a session: initialize one first")
    return str(found)


def _written(outcome: Outcome) -> tuple[str, dict[str, Any] | None]:
    match outcome:
        case Returned(value):
            text = value if isinstance(value, str) else orjson.dumps(value).decode()
            return text, dict(value) if isinstance(value, dict) else None
        case Fault(kind, code, message):
            fault = {"error": {"kind": kind.value, "code": code, "message": message}}
            return orjson.dumps(fault).decode(), None


async def serve_stdio(pack: Pack, *, world: str | None = None, required: str = "strong") -> None:
    """Serve a pack over standard input and output until the input ends."""
    async with open_runtime(workers=1, required=required) as runtime:
        runtime.admit(pack)
        server = pack_server(pack, runtime, world=world)
        from mcp.server.stdio import stdio_server

        async with stdio_server() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())


async def serve_http(
    pack: Pack,
    *,
    port: int,
    world: str | None = None,
    required: str = "strong",
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve a pack over streamable HTTP on this machine only; port 0 takes a free one.

    ``announce`` is told the address.  Raises ``ServingFailed`` if the port is taken.
    """
    async with open_runtime(workers=2, required=required) as runtime:
        runtime.admit(pack)
        server = pack_server(pack, runtime, world=world, over_http=True)
        import uvicorn

        app = server.streamable_http_app(max_sessions=MOST_SESSIONS)
        with _bound(port) as bound:
            if announce is not None:
                announce(f"http://127.0.0.1:{bound.getsockname()[1]}/mcp")
            web = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
            await web.serve(sockets=[bound])


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError as error:
        bound.close()
        raise ServingFailed(
            f"port {port} cannot be used: {error.strerror}; give another with --http"
        ) from None
    return bound
