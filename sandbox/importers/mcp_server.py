"""Reads the tools of a running MCP server, and what it answers to given calls.  Needs the extra ``mcp``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO, cast

import anyio

from sandbox.errors import ImportFailed
from sandbox.importers.foreign import ForeignTool, ForeignTools, Recording
from sandbox.types import Call

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client import Transport

__all__ = ["MCP_PREFIX", "MCP_REMEDY", "read_mcp"]

MCP_PREFIX = "mcp:"
MCP_REMEDY = "the package mcp is missing: pip install 'toolace-mt[mcp]'"
MOST_PAGES = 100
_TEXT = {"type": "string"}


async def read_mcp(source: str, *, calls: Sequence[Call] = (), seconds: float = 60.0) -> ForeignTools:
    """List the tools of ``mcp:COMMAND ARGUMENTS`` (over stdio) or ``http://...`` (streamable HTTP).

    ``calls`` are made in order, and their answers kept.  Raises ``ImportFailed``.
    """
    try:
        from mcp import Client
        from mcp.shared.exceptions import MCPError
    except ModuleNotFoundError:
        raise ImportFailed(f"{source}: {MCP_REMEDY}") from None
    try:
        with anyio.fail_after(seconds):
            async with Client(_server(source)) as client:
                return await _read(client, source, calls)
    except TimeoutError:
        raise ImportFailed(f"{source}: the server did not answer within {seconds:g} s") from None
    except (OSError, RuntimeError, ValueError, MCPError, ExceptionGroup) as error:
        raise ImportFailed(
            f"{source}: {_reason(error)}; is the server there, and is it an MCP server?"
        ) from None


def _server(source: str) -> str | Transport:
    from mcp import StdioServerParameters
    from mcp.client.stdio import stdio_client

    if source.startswith(("http://", "https://")):
        return source
    try:
        command, *arguments = shlex.split(source.removeprefix(MCP_PREFIX))
    except ValueError as error:
        raise ImportFailed(f"{source}: write mcp:COMMAND ARGUMENTS: {error}") from None
    parameters = StdioServerParameters(command=command, args=arguments)
    # Its default is whatever stood for standard error when mcp was imported, which may be no file at all.
    return stdio_client(parameters, errlog=cast("TextIO", sys.__stderr__))


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


async def _read(client: Client, source: str, calls: Sequence[Call]) -> ForeignTools:
    listed: list[Any] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        listed += page.tools
        cursor = page.next_cursor
        if cursor is None:
            break
    recordings, notes = await _recorded(client, calls)
    info = client.server_info
    return ForeignTools(
        source="an MCP server" if info is None else info.name,
        title=source if info is None else str(info.title or info.name),
        version="1.0.0" if info is None or not info.version else info.version,
        tools=tuple(_tool(tool, tuple(recordings.get(tool.name, ()))) for tool in listed),
        notes=tuple(notes),
    )


def _tool(tool: Any, recordings: tuple[Recording, ...]) -> ForeignTool:
    reads = tool.annotations is not None and tool.annotations.read_only_hint
    return ForeignTool(
        name=tool.name,
        description=" ".join((tool.description or tool.title or tool.name).split()),
        parameters=tool.input_schema,
        returns=tool.output_schema or _TEXT,
        effect="read" if reads else "write",
        recordings=recordings,
    )


async def _recorded(client: Client, calls: Sequence[Call]) -> tuple[dict[str, list[Recording]], list[str]]:
    recordings: dict[str, list[Recording]] = {}
    notes: list[str] = []
    for call in calls:
        arguments = dict(call.arguments)
        answer = await client.call_tool(call.name, arguments)
        if answer.is_error:
            notes.append(f"{call.name} failed and is not recorded: {_text(answer)[:200]}")
            continue
        value = _text(answer) if answer.structured_content is None else answer.structured_content
        recordings.setdefault(call.name, []).append(Recording(arguments=arguments, value=value))
    return recordings, notes


def _text(answer: Any) -> str:
    return "\n".join(part.text for part in answer.content if part.type == "text")
