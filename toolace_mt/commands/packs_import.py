"""``toolace-mt packs import``: makes a pack of an OpenAPI document, an MCP server or a Python class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from toolace_mt.commands.plain_text import plain
from toolace_mt.commands.wrong_input import WrongInput

if TYPE_CHECKING:
    from sandbox import Call

__all__ = ["import_command"]


@click.command("import")
@click.argument("source")
@click.option("--to", "folder", required=True, metavar="DIR", help="The new pack's folder; its name too.")
@click.option(
    "--record",
    "calls_file",
    metavar="CALLS.jsonl",
    help='Make these calls ({"name", "arguments"} a line) at the source and keep the answers.',
)
def import_command(source: str, folder: str, calls_file: str | None) -> None:
    """Make a pack of SOURCE.

    SOURCE is an OpenAPI 3 file (JSON or YAML), python:MODULE:NAME (a class, a factory or a list of functions,
    run as trusted code), 'mcp:COMMAND ARGUMENTS' (an MCP server over stdio) or the URL of an MCP server.

    The imported tools only pretend: their answers are made up to fit their schemas, or recorded with
    --record, and pack.yaml says which.  Write tools.py and worlds of your own to make them work.
    """
    import anyio

    from sandbox import import_pack

    calls = () if calls_file is None else tuple(_calls(Path(calls_file)))
    imported = anyio.run(lambda: import_pack(source, folder, calls=calls))
    for note in imported.notes:
        click.echo(plain(f"note: {note}"), err=True)
    pack = imported.pack
    click.echo(f"{folder}: {len(pack.tools)} tools; mock: {pack.mock}; see toolace-mt packs show {folder}")


def _calls(path: Path) -> list[Call]:
    from sandbox import Call

    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise WrongInput(f"{path}: cannot be read: {error.strerror}") from None
    calls = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise WrongInput(f"{path} line {number}: not JSON: {error.msg}") from None
        match entry:
            case {"name": str(name), "arguments": dict(arguments)}:
                calls.append(Call(name=name, arguments=arguments))
            case _:
                raise WrongInput(f'{path} line {number}: write {{"name": ..., "arguments": {{...}}}}')
    return calls
