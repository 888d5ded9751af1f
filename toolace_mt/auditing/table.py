"""An audit's report for people, for programs and for GitHub's annotations."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from toolace_mt.auditing.report import LEVELS, AuditReport, LocatedFinding
from toolace_mt.checks import find_rule
from toolace_mt.findings import Severity

__all__ = ["as_github", "as_json", "as_table", "print_table"]

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_EXAMPLES = 3


def print_table(report: AuditReport, console: Console) -> None:
    """Print the report for people."""
    console.print(as_table(report))


def as_table(report: AuditReport) -> RenderableType:
    """Give the counts, the level of the calls, the rules with examples, and the verdict."""
    parts: list[RenderableType] = [Text(_counts(report))]
    if report.calls:
        parts.append(_levels(report))
    if report.rules:
        parts.append(_rules(report))
    parts.append(Text(_verdict(report), style="bold"))
    return Group(*parts)


def as_json(report: AuditReport) -> str:
    """Give the summary and all findings as one JSON object."""
    written = {**report.summary(), "findings": [found.as_json() for found in report.findings]}
    return orjson.dumps(written, option=orjson.OPT_INDENT_2).decode()


def as_github(report: AuditReport) -> Iterator[str]:
    """Give one workflow command per finding, and a summary line."""
    for found in report.findings:
        level = _GITHUB_LEVELS[found.severity]
        where = f"file={_property(found.place.file)},line={found.place.record + 1}"
        title = _property(f"{found.finding.rule} {find_rule(found.finding.rule).name}")
        yield f"::{level} {where},title={title}::{_escape(_located_words(found))}"
    yield _verdict(report)


def _counts(report: AuditReport) -> str:
    read = f"{report.records:,} records, {report.dialogues:,} dialogues, {report.calls:,} calls"
    read = f"{read} in {report.seconds:.2f} s"
    if report.environment is None:
        return f"{read}; calls were not executed"
    done = report.outcomes
    ran, failed, agreed = (done.get(kind, 0) for kind in ("run", "failed", "agreed"))
    return (
        f"{read}; executed in {report.environment} ({report.isolation} isolation):"
        f" {ran:,} calls, {failed:,} failed, {agreed:,} as recorded"
    )


def _levels(report: AuditReport) -> Table:
    table = Table(title="how sure each call is", title_justify="left")
    for level in LEVELS:
        table.add_column(level, justify="right")
    table.add_row(*(f"{report.levels.get(level, 0):,}" for level in LEVELS))
    table.add_row(*(f"{100 * report.levels.get(level, 0) / report.calls:.1f} %" for level in LEVELS))
    return table


def _rules(report: AuditReport) -> Table:
    table = Table(title="findings", title_justify="left")
    table.add_column("rule", no_wrap=True)
    table.add_column("name", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("for example", overflow="fold")
    examples = _examples(report)
    for code, count in report.rules.items():
        rule = find_rule(code)
        table.add_row(
            Text(code, style=_STYLES[rule.severity]),
            rule.name,
            f"{count:,}",
            Text("\n".join(examples.get(code, ()))),
        )
    return table


def _examples(report: AuditReport) -> dict[str, list[str]]:
    examples: dict[str, list[str]] = {}
    for found in report.findings:
        shown = examples.setdefault(found.finding.rule, [])
        if len(shown) < _EXAMPLES:
            shown.append(f"{found.place.record}: {_located_words(found)}")
    return examples


def _located_words(found: LocatedFinding) -> str:
    turn = "" if found.finding.turn is None else f"turn {found.finding.turn}: "
    return f"{turn}{found.finding.message}"


def _verdict(report: AuditReport) -> str:
    share = f"{report.records_with_errors:,} of {report.records:,} records have errors"
    share = f"{share} ({report.percent_with_errors:.1f} %)"
    return f"{share}; interrupted, so not all records were read" if report.interrupted else share


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
