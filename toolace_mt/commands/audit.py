"""``toolace-mt audit``: checks files of dialogues, like a linter."""

from __future__ import annotations

import os
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolace_mt.commands.wrong_input import WrongInput

if TYPE_CHECKING:
    from toolace_mt.auditing import AuditReport, AuditSettings, ExpertSettings

__all__ = ["audit"]

_INTERRUPTED = 130
_FINDINGS = 1
_TABLE_WIDTH = 120


def _no_nan(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and isnan(value):
        raise click.BadParameter("nan is no number", context, option)
    return value


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format", "dialect", help="The dialect of the files, or a mapping file (.yaml). [default: auto]"
)
@click.option(
    "--env",
    "environment",
    metavar="PACK|python:MODULE:FACTORY|bfcl",
    help="Execute the calls in this tool pack (a name, a folder or auto) or trusted Python environment.",
)
@click.option(
    "--isolation",
    type=click.Choice(["strong", "limited", "none"]),
    help="How strongly a pack that is not shipped must be confined to run. [default: strong]",
)
@click.option("--tools", multiple=True, metavar="FILE", help="Tool schemas for records that declare none.")
@click.option("--select", metavar="R,..", help="Only these rules: codes, prefixes (TA3) or names.")
@click.option("--ignore", metavar="R,..", help="Not these rules.")
@click.option(
    "--severity",
    multiple=True,
    metavar="R=WORD",
    help="Give a rule another severity: error, warning, info or off.",
)
@click.option(
    "--baseline", metavar="FILE", help="Accept the findings in this findings.jsonl of an earlier audit."
)
@click.option("--config", "config", metavar="FILE", help="Settings, instead of those in pyproject.toml.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Processes that judge records, and as many that run tools. [default: 1]",
)
@click.option(
    "--out", type=click.Path(file_okay=False), help="Directory for the report, findings and clean records."
)
@click.option(
    "--fix", is_flag=True, help="Also write a copy with all certain corrections, and their log; needs --out."
)
@click.option("--resume", is_flag=True, help="Go on with the stopped audit in --out.")
@click.option(
    "--fail-on",
    type=click.FloatRange(0, 100),
    callback=_no_nan,
    metavar="PERCENT",
    help="Exit with 1 if more than this share of records has errors. [default: 0]",
)
@click.option("--model", help="Also ask a model (rules TA8): an endpoint's URL, gguf:PATH or cassette:PATH.")
@click.option("--model-name", metavar="N", help="The model's name at the endpoint.")
@click.option("--key-file", type=click.Path(path_type=Path), help="A file with the key; else OPENAI_API_KEY.")
@click.option("--asks", type=int, default=3, metavar="N", help="Answers that make a verdict. [default: 3]")
@click.option("--max-tokens", type=int, metavar="N", help="Ask no more when these are spent.")
@click.option("--max-usd", type=float, metavar="X", help="The same in US dollars.")
@click.option("--max-requests", type=int, metavar="N", help="The same in requests.")
@click.option("--rpm", type=int, metavar="N", help="Requests per minute at most.")
@click.option("--tpm", type=int, metavar="N", help="Tokens per minute at most.")
@click.option(
    "--output",
    type=click.Choice(["text", "json", "github", "sarif"]),
    help="A table; summary and findings as one JSON object; GitHub annotations; SARIF. [default: text]",
)
def audit(
    files: tuple[str, ...],
    dialect: str | None,
    environment: str | None,
    isolation: str | None,
    tools: tuple[str, ...],
    select: str | None,
    ignore: str | None,
    severity: tuple[str, ...],
    baseline: str | None,
    config: str | None,
    jobs: int | None,
    out: str | None,
    fix: bool,
    resume: bool,
    fail_on: float | None,
    output: str | None,
    **asking: Any,
) -> None:
    """Check dialogues with tool calls: structure, tools, arguments, grounding, and with --env execution.

    FILE is a file (JSON, JSON lines, Parquet; also packed), a folder of them, or - for standard input.

    Exit status: 0 if at most --fail-on percent of the records have errors, 1 if more, 2 for wrong usage,
    3 if --model's budget is spent.
    """
    from rich.console import Console

    from engine import BudgetSpent
    from toolace_mt.auditing import BadSettingsError, BadSeverityError, EnvironmentUnusableError
    from toolace_mt.auditing import audit as run_audit
    from toolace_mt.auditing.gaps import Gap
    from toolace_mt.auditing.journal import NotResumableError
    from toolace_mt.auditing.judges import JobsUnusableError
    from toolace_mt.auditing.output import DirectoryInUseError
    from toolace_mt.checks import UnknownRuleError
    from toolace_mt.commands.audit_progress import watching
    from toolace_mt.formats import FormatError
    from toolace_mt.garbage import collect_rarely

    if fix and out is None:
        raise click.UsageError("--fix needs --out, the directory for the corrected copy")
    collect_rarely()
    try:
        chosen = _settings(config)
        with watching(Console(stderr=True)) as watch:
            report = run_audit(
                files,
                format=dialect or chosen.format or "auto",
                environment=environment or chosen.env,
                isolation=isolation or chosen.isolation or "strong",
                select=chosen.select if select is None else _listed(select),
                ignore=chosen.ignore if ignore is None else _listed(ignore),
                severities={**chosen.severity, **_severities(severity)},
                baseline=baseline or chosen.baseline,
                tools=tools or chosen.tools,
                jobs=jobs or chosen.jobs or 1,
                out=out,
                fix=fix,
                experts=_experts(asking),
                resume=resume,
                watch=watch,
            )
    except (
        FormatError, UnknownRuleError, BadSeverityError, BadSettingsError, EnvironmentUnusableError,
        NotResumableError, DirectoryInUseError, JobsUnusableError,
    ) as error:  # fmt: skip
        raise WrongInput(str(error)) from None
    _show(report, output or chosen.output or "text")
    if report.interrupted:
        if out is not None:
            click.echo("stopped; the same command with --resume goes on from here", err=True)
        raise click.exceptions.Exit(_INTERRUPTED)
    allowed = fail_on if fail_on is not None else chosen.fail_on or 0.0
    if Gap.EXPERT_UNPAID in report.gaps:
        raise BudgetSpent("the experts' budget is spent: raise it and run again with the same --out to go on")
    if report.percent_with_errors > allowed:
        raise click.exceptions.Exit(_FINDINGS)


def _experts(asking: dict[str, Any]) -> ExpertSettings | None:
    from toolace_mt.auditing import ExpertSettings

    if asking["model"] is not None:
        return ExpertSettings(**asking)
    named = next((name for name, value in asking.items() if name != "asks" and value is not None), None)
    if named is not None:
        raise click.UsageError(
            f"--{named.replace('_', '-')} is for the experts: name their model with --model"
        )
    return None


def _settings(config: str | None) -> AuditSettings:
    from toolace_mt.auditing import find_settings, read_settings

    return find_settings(Path.cwd()) if config is None else read_settings(Path(config))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _severities(words: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in words:
        for item in _listed(part):
            rule, equals, word = item.partition("=")
            if not equals:
                raise click.UsageError(f"--severity {item}: write it as RULE=WORD, such as TA402=off")
            found[rule.strip()] = word.strip()
    return found


def _show(report: AuditReport, output: str) -> None:
    from rich.console import Console

    from toolace_mt.auditing.programs import as_github, as_json
    from toolace_mt.auditing.sarif import as_sarif
    from toolace_mt.auditing.table import print_table

    match output:
        case "json":
            for line in as_json(report):
                click.echo(line)
        case "sarif":
            click.echo(as_sarif(report))
        case "github":
            for line in as_github(report):
                click.echo(line)
        case _:
            console = Console()
            known = console.is_terminal or "COLUMNS" in os.environ
            print_table(report, console if known else Console(width=_TABLE_WIDTH))
