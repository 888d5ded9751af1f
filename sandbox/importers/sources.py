"""Tells what kind of source a text names, and reads it."""

from __future__ import annotations

from collections.abc import Sequence

import anyio.to_thread

from sandbox.errors import ImportFailed
from sandbox.importers.foreign import ForeignTools
from sandbox.importers.mcp_server import MCP_PREFIX, read_mcp
from sandbox.importers.openapi import read_openapi
from sandbox.importers.packing import ImportedPack, write_pack
from sandbox.importers.python_class import read_python
from sandbox.types import Call

__all__ = ["import_pack", "read_tools"]


async def read_tools(source: str, *, calls: Sequence[Call] = ()) -> ForeignTools:
    """Read foreign tools.

    ``source`` is an OpenAPI 3 file, ``python:MODULE:NAME``, ``mcp:COMMAND ARGUMENTS`` or the URL of an MCP
    server.  ``calls`` are made there and their answers kept.  Raises ``ImportFailed`` or
    ``EnvironmentUnusable``.
    """
    if source.startswith("python:"):
        return await read_python(source, calls=calls)
    if source.startswith((MCP_PREFIX, "http://", "https://")):
        return await read_mcp(source, calls=calls)
    if calls:
        raise ImportFailed(
            f"{source}: a document answers no calls; record from an MCP server or a Python class"
        )
    return await anyio.to_thread.run_sync(read_openapi, source)


async def import_pack(source: str, folder: str, *, calls: Sequence[Call] = ()) -> ImportedPack:
    """Read foreign tools and write them as a pack (see ``read_tools`` and ``write_pack``)."""
    foreign = await read_tools(source, calls=calls)
    return await anyio.to_thread.run_sync(write_pack, foreign, folder)
