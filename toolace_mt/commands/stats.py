"""``toolace-mt stats``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

if TYPE_CHECKING:
    from toolace_mt.statistics import RunStatistics

__all__ = ["stats"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="[text]")
def stats(run: Path, output: str) -> int:
    """Tell how the run in the folder RUN stands: while it runs, when it died, and when it has finished."""
    from toolace_mt.statistics import run_statistics

    found = run_statistics(run)
    if output == "json":
        click.echo(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        for line in _lines(found):
            click.echo(line)
    return 0


def _lines(found: RunStatistics) -> list[str]:
    lines = [
        f"{found.folder}: {_state(found)}",
        f"model: {found.model}",
        f"{found.accepted:,} of {found.wanted:,} dialogues accepted, {found.attempted:,} attempted",
        *(f"rejected by {rule}: {count:,}" for rule, count in sorted(found.rejected.items())),
        f"cost: {found.requests:,} requests, {found.prompt_tokens + found.completion_tokens:,} tokens, "
        + ("dollars unknown" if found.usd is None else f"${found.usd:.4f}"),
    ]
    if found.attempts_per_minute and found.requests_per_minute is not None:
        lines.append(
            f"rate: {found.attempts_per_minute:,.1f} attempts and {found.requests_per_minute:,.1f} requests "
            f"a minute, over {found.seconds:,.0f} seconds since it was last started"
        )
    if found.width is not None:
        where = f" at {found.width.endpoint}" if found.width.endpoint else ""
        lines.append(
            f"width: {found.width.width} requests in flight{where}, changed {found.width.seconds_ago:,.0f} "
            f"seconds ago: {found.width.reason}"
        )
    return lines


def _state(found: RunStatistics) -> str:
    match found.state:
        case "running":
            return f"running, process {found.process}"
        case "finished":
            return "finished"
        case "stopped":
            return f"stopped ({(found.stop or '?').replace('_', ' ')}); generate --resume goes on"
        case "dead":
            return "dead: its process is gone; generate --resume goes on"
