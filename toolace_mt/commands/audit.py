"""``toolace-mt audit``: checks files of dialogues, like a linter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from toolace_mt.auditing import AuditReport

__all__ = ["audit"]

_INTERRUPTED = 130
_FINDINGS = 1
_TABLE_WIDTH = 120


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "dialect", default="auto", show_default=True, help="The dialect of the files.")
@click.option(
    "--env",
    "environment",
    metavar="PACK|python:MODULE:FACTORY|bfcl",
    help="Execute the calls in this tool pack (a name, a folder or auto) or trusted Python environment.",
)
@click.option(
    "--select", metavar="R,..", default="", help="Only these rules: codes, prefixes (TA3) or names."
)
@click.option("--ignore", metavar="R,..", default="", help="Not these rules.")
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that judge records."
)
@click.option(
    "--out", type=click.Path(file_okay=False), help="Directory for findings, summary and clean records."
)
@click.option(
    "--fail-on",
    type=click.FloatRange(0, 100),
    default=0.0,
    show_default=True,
    metavar="PERCENT",
    help="Exit with 1 if more than this share of records has errors.",
)
@click.option("--output", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
def audit(
    files: tuple[str, ...],
    dialect: str,
    environment: str | None,
    select: str,
    ignore: str,
    jobs: int,
    out: str | None,
    fail_on: float,
    output: str,
) -> None:
    """Check dialogues with tool calls: structure, tools, arguments, grounding, and with --env execution.

    Exit status: 0 if at most --fail-on percent of the records have errors, 1 if more, 2 for wrong usage.
    """
    from toolace_mt.auditing import EnvironmentUnusableError
    from toolace_mt.auditing import audit as run_audit
    from toolace_mt.checks import UnknownRuleError
    from toolace_mt.formats import FormatError

    try:
        report = run_audit(
            files,
            format=dialect,
            environment=environment,
            select=_listed(select),
            ignore=_listed(ignore),
            jobs=jobs,
            out=out,
        )
    except (FormatError, UnknownRuleError, EnvironmentUnusableError) as error:
        click.echo(f"error: {error}", err=True)
        raise click.exceptions.Exit(2) from None
    _show(report, output)
    if report.interrupted:
        raise click.exceptions.Exit(_INTERRUPTED)
    if report.percent_with_errors > fail_on:
        raise click.exceptions.Exit(_FINDINGS)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _show(report: AuditReport, output: str) -> None:
    from rich.console import Console

    from toolace_mt.auditing.table import as_github, as_json, print_table

    match output:
        case "json":
            click.echo(as_json(report))
        case "github":
            for line in as_github(report):
                click.echo(line)
        case _:
            console = Console()
            print_table(report, console if console.is_terminal else Console(width=_TABLE_WIDTH))
