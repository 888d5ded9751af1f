"""The report as one page of HTML that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice

import orjson

from toolace_mt.auditing.report import LEVELS, AuditReport, LocatedFinding
from toolace_mt.checks import find_rule
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["Example", "Page", "write_page"]

_TOOLS_SHOWN, _FILES_SHOWN = 500, 1000
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A dialogue as it is shown, and what was found in it."""

    dialogue: JsonObject
    findings: tuple[LocatedFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page tells.  ``tools`` gives calls and findings by tool, ``files`` counts by file."""

    report: AuditReport
    examples: Mapping[tuple[str, int, str | None], Example]
    tools: Mapping[str, tuple[int, int]]
    files: Mapping[str, Mapping[str, int]]
    rows: int


def write_page(page: Page) -> str:
    """Give the page.  All that comes from data travels as JSON and is shown as text, never as markup."""
    content = orjson.dumps(_content(page)).decode()
    for mark, escape in _ESCAPES.items():
        content = content.replace(mark, escape)
    folder = files("toolace_mt.auditing") / "web"
    parts = {name: (folder / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")}
    template = (folder / "report.html").read_text(encoding="utf-8")
    before, script_and_after = template.split("/*SCRIPT*/")
    head, after_style = before.split("/*STYLE*/")
    between, tail = after_style.split("/*DATA*/")
    return "".join((head, parts["report.css"], between, content, tail, parts["report.js"], script_and_after))


def _content(page: Page) -> JsonObject:
    report = page.report
    numbers = {key: number for number, key in enumerate(page.examples)}
    rows: list[JsonValue] = [_row(found, numbers) for found in islice(report.findings, page.rows)]
    return {
        "summary": {**report.summary(), "percent": round(report.percent_with_errors, 2)},
        "levels": [[level, report.levels.get(level, 0)] for level in LEVELS],
        "rules": {code: _rule(code, count, report) for code, count in report.rules.items()},
        "findings": rows,
        "total": len(report.findings),
        "examples": [_example(example) for example in page.examples.values()],
        "tools": [[name, calls, found] for name, (calls, found) in islice(page.tools.items(), _TOOLS_SHOWN)],
        "files": [[name, dict(counts)] for name, counts in islice(page.files.items(), _FILES_SHOWN)],
    }


def _rule(code: str, count: int, report: AuditReport) -> JsonObject:
    rule = find_rule(code)
    severity = next(
        (found.severity for found in report.findings if found.finding.rule == code), rule.severity
    )
    return {
        "name": rule.name,
        "severity": severity.value,
        "certainty": rule.certainty.value,
        "message": rule.message,
        "why": rule.why,
        "fix": rule.fix,
        "n": count,
    }


def _row(found: LocatedFinding, numbers: Mapping[tuple[str, int, str | None], int]) -> list[JsonValue]:
    place, what = found.place, found.finding
    example = numbers.get((place.file, place.record, found.dialogue))
    return [
        what.rule, found.severity.value, place.file, place.record, found.dialogue, what.turn, what.call,
        what.path, what.message, example,
    ]  # fmt: skip


def _example(example: Example) -> JsonObject:
    marks: list[JsonValue] = [
        [found.finding.rule, found.severity.value, found.finding.turn, found.finding.call, found.finding.path,
         found.finding.message]
        for found in example.findings[:40]
    ]  # fmt: skip
    return {**example.dialogue, "marks": marks}
