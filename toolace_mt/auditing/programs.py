"""An audit's report for programs: one JSON object, or annotations for GitHub's workflows."""

from __future__ import annotations

from collections.abc import Iterator

from toolace_mt.auditing.json_bytes import json_bytes, plain_text
from toolace_mt.auditing.places import line_of, path_of, spot_of
from toolace_mt.auditing.report import AuditReport, LocatedFinding
from toolace_mt.auditing.table import verdict
from toolace_mt.checks import find_rule
from toolace_mt.findings import Severity

__all__ = ["as_github", "as_json"]

_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_json(report: AuditReport) -> Iterator[str]:
    """Give the summary (as in summary.json) and all findings (as in findings.jsonl) as one JSON object.

    It comes line by line: there may be more findings than fit in memory.
    """
    yield json_bytes(report.summary(), indent=True).decode().removesuffix("\n}") + ","
    yield '  "findings": ['
    for number, found in enumerate(report.findings, start=1):
        comma = "," if number < len(report.findings) else ""
        yield f"    {json_bytes(found.as_json()).decode()}{comma}"
    yield "  ]"
    yield "}"


def as_github(report: AuditReport) -> Iterator[str]:
    """Give one workflow command per finding, and the verdict as a last line that is no command."""
    for found in report.findings:
        rule = find_rule(found.finding.rule)
        line = line_of(found.place)
        properties = {
            "file": path_of(found.place.file),
            **({} if line is None else {"line": str(line)}),
            "title": f"{rule.code} {rule.name}",
        }
        named = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        yield f"::{_GITHUB_LEVELS[found.severity]} {named}::{_escape(_message(found, line))}"
    yield verdict(report)


def _message(found: LocatedFinding, line: int | None) -> str:
    record = f"record {found.place.record}" if line is None else ""
    return ": ".join(filter(None, (record, spot_of(found.finding), found.finding.message)))


def _escape(text: str) -> str:
    """Escape as GitHub's own toolkit does; a command ends at the end of its line."""
    return plain_text(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
