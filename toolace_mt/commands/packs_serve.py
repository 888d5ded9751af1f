"""``toolace-mt packs serve``: a pack as a real MCP server."""

from __future__ import annotations

import os
import signal
from functools import partial
from types import FrameType
from typing import NoReturn

import click

from toolace_mt.commands.isolation_option import isolation_option

__all__ = ["serve_command"]

_HIGHEST_PORT = 65_535


@click.command("serve")
@click.argument("pack")
@click.option(
    "--http",
    "port",
    type=click.IntRange(0, _HIGHEST_PORT),
    metavar="PORT",
    help="Serve streamable HTTP on this machine only, instead of stdio; 0 takes a free port.",
)
@click.option("--world", help="The world that each session starts from; the first one by default.")
@isolation_option
def serve_command(pack: str, port: int | None, world: str | None, isolation: str) -> None:
    """Serve PACK as an MCP server: one world a session, every call in the confined runtime.

    Needs the extra mcp: pip install 'toolace-mt[mcp]'.
    """
    import anyio

    from sandbox import open_pack, serve_http, serve_stdio

    opened = open_pack(pack)
    if port is None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
                signal.signal(number, _leave)
        anyio.run(partial(serve_stdio, opened, world=world, required=isolation))
    else:
        anyio.run(partial(serve_http, opened, port=port, world=world, required=isolation, announce=_announce))


def _leave(number: int, _: FrameType | None) -> NoReturn:
    """End at once: an orderly end would wait for the thread that reads the standard input."""
    click.echo("toolace-mt: stopped", err=True)
    os._exit(128 + number)


def _announce(address: str) -> None:
    click.echo(f"serving at {address}", err=True)
