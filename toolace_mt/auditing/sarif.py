"""An audit's report in SARIF 2.1.0, which code hosts show beside the files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import orjson

from toolace_mt.auditing.report import AuditReport, LocatedFinding
from toolace_mt.checks import find_rule
from toolace_mt.findings import Severity
from toolace_mt.transcript import JsonObject

__all__ = ["as_sarif"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_MOST_RESULTS = 25_000
"""Code hosts refuse larger files."""


def as_sarif(report: AuditReport) -> str:
    """Give the report as SARIF; each record counts as one line of its file."""
    written = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "toolace-mt", "rules": [_rule(code) for code in report.rules]}},
                "results": list(_results(report)),
                "properties": dict(report.summary()),
            }
        ],
    }
    return orjson.dumps(written, option=orjson.OPT_INDENT_2).decode()


def _rule(code: str) -> JsonObject:
    rule = find_rule(code)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.message},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _results(report: AuditReport) -> Iterator[JsonObject]:
    numbers = {code: number for number, code in enumerate(report.rules)}
    for found in islice(report.findings, _MOST_RESULTS):
        yield {
            "ruleId": found.finding.rule,
            "ruleIndex": numbers[found.finding.rule],
            "level": _LEVELS[found.severity],
            "message": {"text": found.finding.message},
            "locations": [_location(found)],
        }


def _location(found: LocatedFinding) -> JsonObject:
    turn = "" if found.finding.turn is None else f" turn {found.finding.turn}"
    name = f"{found.dialogue or 'record'}{turn} {found.finding.path or ''}".strip()
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": found.place.file.replace("\\", "/")},
            "region": {"startLine": found.place.record + 1},
        },
        "logicalLocations": [{"fullyQualifiedName": name}],
    }
