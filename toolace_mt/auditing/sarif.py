"""An audit's report in SARIF 2.1.0, which code hosts show beside the files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

import toolace_mt
from toolace_mt.auditing.json_bytes import json_bytes, plain_text
from toolace_mt.auditing.places import line_of, path_of, spot_of
from toolace_mt.auditing.report import AuditReport, LocatedFinding
from toolace_mt.auditing.unchecked import not_checked
from toolace_mt.checks import find_rule
from toolace_mt.findings import Finding, Severity
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["as_sarif"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_MOST_RESULTS = 25_000
"""Code hosts refuse larger files."""


def as_sarif(report: AuditReport) -> str:
    """Give the report as SARIF; records of JSON lines have a line, all others a name only."""
    written: JsonObject = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(report)},
                "invocations": [{"executionSuccessful": not report.interrupted}],
                "results": list(_results(report)),
                "properties": {**report.summary(), "notChecked": list(not_checked(report))},
            }
        ],
    }
    return json_bytes(written, indent=True).decode()


def _driver(report: AuditReport) -> JsonObject:
    rules: list[JsonValue] = [_rule(code) for code in report.rules]
    return {"name": "toolace-mt", "semanticVersion": toolace_mt.__version__, "rules": rules}


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
            "message": {"text": plain_text(_message(found.finding))},
            "locations": [_location(found)],
        }


def _message(finding: Finding) -> str:
    """Code hosts show little more than this."""
    return ": ".join(filter(None, (spot_of(finding), finding.message)))


def _location(found: LocatedFinding) -> JsonObject:
    turn = "" if found.finding.turn is None else f" turn {found.finding.turn}"
    name = f"{found.dialogue or 'record'}{turn} {found.finding.path or ''}".strip()
    line = line_of(found.place)
    region: JsonObject = {} if line is None else {"region": {"startLine": line}}
    uri = quote(path_of(found.place.file), safe="/", errors="surrogateescape")
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri}, **region},
        "logicalLocations": [{"name": f"record {found.place.record}", "fullyQualifiedName": name}],
    }
