"""``toolace-mt generate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

__all__ = ["generate"]


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option(
    "--pack",
    multiple=True,
    metavar="P",
    help="A shipped pack or a folder, or several joined by +; may be given again.  [all shipped, and pairs]",
)
@click.option(
    "--model",
    help="local, the URL of an endpoint, gguf:PATH, cassette:PATH or simulated.  [local]",
)
@click.option("--model-name", metavar="N", help="The model's name at the endpoint.")
@click.option("--key-file", type=click.Path(path_type=Path), help="A file with the key; else OPENAI_API_KEY.")
@click.option("--count", type=int, metavar="N", help="How many dialogues to accept.  [10]")
@click.option("--seed", type=int, metavar="S", help="All chance comes from it.  [0]")
@click.option("--strategy", type=click.Choice(["nar", "mas"]), help="ToolACE-MT or the baseline.  [nar]")
@click.option("--planner", type=click.Choice(["auto", "model", "walk"]), help="Who lays the plan.  [auto]")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="[runs/latest]")
@click.option("--resume", is_flag=True, help="Go on with the run in --out, if there is one.")
@click.option("--max-tokens", type=int, metavar="N", help="Stop, resumable, when these are spent.")
@click.option("--max-usd", type=float, metavar="X", help="The same in US dollars.")
@click.option("--max-requests", type=int, metavar="N", help="The same in requests.")
@click.option("--rpm", type=int, metavar="N", help="Requests per minute at most.")
@click.option("--tpm", type=int, metavar="N", help="Tokens per minute at most.")
@click.option("--concurrency", type=int, metavar="N", help="Dialogues in work at once.")
@click.option(
    "--isolation",
    type=click.Choice(["strong", "limited", "none"]),
    help="How strongly a pack that is not shipped must be confined to run.  [strong]",
)
@click.pass_context
def generate(context: click.Context, /, config: Path | None, **options: Any) -> int:
    """Make dialogues in which every call was really executed.

    CONFIG is a YAML file; the options go over it and have the same names.
    """
    given = {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    from toolace_mt.commands.generating import generate_and_report
    from toolace_mt.config import load_config

    return generate_and_report(load_config(config, given))
