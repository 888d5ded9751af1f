"""An audit's report for people, at any width of terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from toolace_mt.auditing.json_bytes import plain_text
from toolace_mt.auditing.places import spot_of
from toolace_mt.auditing.report import LEVELS, AuditReport, FileCounts, LocatedFinding
from toolace_mt.auditing.unchecked import not_checked
from toolace_mt.checks import find_rule, severity_of
from toolace_mt.findings import Severity

__all__ = ["as_table", "print_table", "verdict"]

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_SEVERITIES = tuple(Severity)
_FILES = 3
_EXAMPLE_LETTERS = 240


def print_table(report: AuditReport, console: Console) -> None:
    """Print the report for people."""
    console.print(as_table(report))


def as_table(report: AuditReport) -> RenderableType:
    """Give the counts, the rules with an example each, the levels of the calls, what was not checked, the
    worst and the slowest files, and the verdict in the last line."""
    parts: list[RenderableType] = [Text(_counts(report)), *_rules(report), *_levels(report)]
    parts += _listed("Not checked", [[words] for words in not_checked(report)])
    if len(report.files) > 1:
        parts += _listed("Worst files", _worst(report))
        parts += _listed("Slowest files", _slowest(report))
    bad = bool(report.records_with_errors)
    return Group(*parts, Text(""), Text(verdict(report), style="bold red" if bad else "bold green"))


def verdict(report: AuditReport) -> str:
    """Say in one line how many records have errors."""
    have = "record has" if report.records == 1 else "records have"
    share = f"{report.records_with_errors:,} of {report.records:,} {have} errors"
    share = f"{share} ({report.percent_with_errors:.1f} %)"
    return f"{share}; interrupted, so not all records were read" if report.interrupted else share


def _counts(report: AuditReport) -> str:
    things = {"record": report.records, "dialogue": report.dialogues, "call": report.calls}
    read = ", ".join(f"{count:,} {thing}{'' if count == 1 else 's'}" for thing, count in things.items())
    read = f"{read} in {report.seconds:.2f} s"
    if report.environment is None:
        return f"{read}; calls were not executed"
    done = report.outcomes
    ran, failed, agreed = (done.get(kind, 0) for kind in ("run", "failed", "agreed"))
    return (
        f"{read}; executed in {report.environment} ({report.isolation} isolation):"
        f" {ran:,} calls, {failed:,} failed, {agreed:,} as recorded"
    )


def _levels(report: AuditReport) -> list[RenderableType]:
    if not report.calls:
        return []
    table = _table("", ">", ">")
    for level in LEVELS:
        reached = report.levels.get(level, 0)
        table.add_row(level, f"{reached:,}", f"{100 * reached / report.calls:.1f} %")
    return [_title("How sure each call is"), table]


def _rules(report: AuditReport) -> list[RenderableType]:
    if not report.rules:
        return []
    table = _table("", ">", "")
    several = len(report.files) > 1
    for code, found in _first_of_each(report):
        name = Text(find_rule(code).name)
        example = Text(_example(found, name_file=several), style="dim") if found else Text("")
        table.add_row(
            Text(code, style=_STYLES[found.severity if found else severity_of(code)]),
            f"{report.rules[code]:,}",
            Text("\n").join([name, example]),
        )
    return [_title("Findings, with an example each"), table]


def _first_of_each(report: AuditReport) -> Iterator[tuple[str, LocatedFinding | None]]:
    """Give each rule with its first finding; the findings are gone through no further than need be."""
    first: dict[str, LocatedFinding] = {}
    for found in report.findings:
        first.setdefault(found.finding.rule, found)
        if len(first) == len(report.rules):
            break
    for code in sorted(report.rules, key=lambda code: (_weight(first.get(code)), -report.rules[code], code)):
        yield code, first.get(code)


def _weight(found: LocatedFinding | None) -> int:
    """Errors come first, then warnings."""
    return _SEVERITIES.index(Severity.INFO if found is None else found.severity)


def _example(found: LocatedFinding, *, name_file: bool) -> str:
    file = f"{_one_line(Path(found.place.file).name)} " if name_file else ""
    spot = spot_of(found.finding)
    words = _one_line(found.finding.message)
    words = words if len(words) <= _EXAMPLE_LETTERS else f"{words[:_EXAMPLE_LETTERS]}…"
    return f"{file}record {found.place.record}{', ' if spot else ''}{_one_line(spot)}: {words}"


def _worst(report: AuditReport) -> list[list[str]]:
    bad = [(name, counts) for name, counts in report.files.items() if counts.with_errors]
    bad.sort(key=lambda item: (-item[1].with_errors / item[1].records, -item[1].with_errors, item[0]))
    return [
        [f"{counts.with_errors:,} of {counts.records:,}", _one_line(name)] for name, counts in bad[:_FILES]
    ]


def _slowest(report: AuditReport) -> list[list[str]]:
    slow = sorted(report.files.items(), key=lambda item: -item[1].seconds)
    return [[_time(counts), _one_line(name)] for name, counts in slow[:_FILES]]


def _time(counts: FileCounts) -> str:
    return f"{counts.seconds:.2f} s, {1000 * counts.seconds / max(1, counts.records):.2f} ms a record"


def _one_line(text: str) -> str:
    return plain_text(text).replace("\n", " ")


def _listed(title: str, rows: Sequence[Sequence[str]]) -> list[RenderableType]:
    if not rows:
        return []
    table = _table(*("" for _ in rows[0]))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return [_title(title), table]


def _title(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def _table(*columns: str) -> Table:
    """Give a table without lines; ``>`` stands for a column of numbers.  The last one takes what is left."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for number, kind in enumerate(columns):
        last = number == len(columns) - 1
        table.add_column(justify="right" if kind else "left", no_wrap=not last, overflow="fold")
    return table
