"""The report as one page of HTML that needs no network."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice

from toolace_mt.auditing.gaps import Gap
from toolace_mt.auditing.json_bytes import json_bytes
from toolace_mt.auditing.report import LEVELS, AuditReport, LocatedFinding
from toolace_mt.auditing.unchecked import not_checked_by_level
from toolace_mt.checks import find_rule
from toolace_mt.findings import Severity
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["Example", "Page", "write_page"]

_SEVERITIES = tuple(Severity)
_TOOLS_SHOWN, _FILES_SHOWN, _MARKS_SHOWN, _BARS = 500, 1000, 40, 12
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_TURNING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Characters that turn the direction of all the text behind them; they are shown as U+FFFD."""
_SCRIPTS = ("shared.js", "summary.js", "viewer.js", "findings.js", "tables.js")
_FAMILIES = dict(
    zip(
        LEVELS,
        ("TA002", "TA201", "TA3", "TA4", "TA5, TA601, TA602, TA603, TA606", "TA604, TA605"),
        strict=True,
    )
)
"""The rules whose findings keep a call from a level."""

RecordKey = tuple[str, int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A dialogue as it is shown, and what was found in it."""

    dialogue: JsonObject
    findings: tuple[LocatedFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page tells.  ``rows`` are the findings to list, ``tools`` gives calls, failures and findings
    by tool."""

    report: AuditReport
    rows: Sequence[LocatedFinding]
    examples: Mapping[RecordKey, Example]
    tools: Mapping[str, tuple[int, int, int]]


def write_page(page: Page) -> str:
    """Give the page.  All that comes from data travels as JSON and is shown as text, never as markup.

    The policy in its head lets nothing run but the script that is written here, and nothing be fetched.
    """
    content = json_bytes(_content(page)).decode()
    for mark, escape in _ESCAPES.items():
        content = content.replace(mark, escape)
    for code in _TURNING:
        content = content.replace(chr(code), "\ufffd")
    style = _read("report.css")
    script = '"use strict";\n(() => {\n' + "".join(_read(name) for name in _SCRIPTS) + "})();\n"
    parts = {"STYLE_HASH": _hash(style), "SCRIPT_HASH": _hash(script), "STYLE": style, "SCRIPT": script}
    template = _read("report.html")
    for name, part in parts.items():
        template = template.replace(f"/*{name}*/", part)
    return template.replace("/*DATA*/", content)  # last, so that nothing in it is replaced


def _read(name: str) -> str:
    return (files("toolace_mt.auditing") / "web" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _content(page: Page) -> JsonObject:
    report = page.report
    numbers = {key: number for number, key in enumerate(page.examples)}
    severities = {found.finding.rule: found.severity.value for found in page.rows}
    gaps = list(not_checked_by_level(report))
    return {
        "summary": {**report.summary(), "percent": round(report.percent_with_errors, 2)},
        "levels": [
            [
                level,
                report.levels.get(level, 0),
                [words for at, words in gaps if at == level],
                _FAMILIES[level],
            ]
            for level in LEVELS
        ],
        "unchecked": [words for _, words in gaps],
        "rules": {code: _rule(code, count, severities) for code, count in report.rules.items()},
        "findings": [_row(found, numbers) for found in sorted(page.rows, key=_weight)],
        "total": len(report.findings),
        "examples": [_example(example) for example in page.examples.values()],
        "tools": [[name, *counts] for name, counts in islice(page.tools.items(), _TOOLS_SHOWN)],
        "files": _files(report),
        "more": [max(0, len(page.tools) - _TOOLS_SHOWN), max(0, len(report.files) - _FILES_SHOWN)],
        "charts": _charts(page),
    }


def _weight(found: LocatedFinding) -> int:
    return _SEVERITIES.index(found.severity)


def _rule(code: str, count: int, severities: Mapping[str, str]) -> JsonObject:
    rule = find_rule(code)
    return {
        "name": rule.name,
        "severity": severities.get(code, rule.severity.value),
        "certainty": rule.certainty.value,
        "message": rule.message,
        "why": rule.why,
        "fix": rule.fix,
        "n": count,
    }


def _row(found: LocatedFinding, numbers: Mapping[RecordKey, int]) -> list[JsonValue]:
    place, what = found.place, found.finding
    example = numbers.get((place.file, place.record, found.dialogue))
    return [
        what.rule, found.severity.value, place.file, place.record, found.dialogue, what.turn, what.call,
        what.path, what.message, found.tool, example,
    ]  # fmt: skip


def _example(example: Example) -> JsonObject:
    marks: list[JsonValue] = [
        [found.finding.rule, found.severity.value, found.finding.turn, found.finding.call, found.finding.path,
         found.finding.message]
        for found in example.findings[:_MARKS_SHOWN]
    ]  # fmt: skip
    return {**example.dialogue, "marks": marks}


def _files(report: AuditReport) -> list[JsonValue]:
    return [
        [name, n.records, n.with_errors, n.calls, n.findings, {"seconds": round(n.seconds, 4)}]
        for name, n in islice(report.files.items(), _FILES_SHOWN)
    ]


def _charts(page: Page) -> list[JsonValue]:
    """Give for each chart its title and its bars, as pairs of words and counts."""
    charts: list[JsonValue] = [
        [f"{what.capitalize()} a dialogue", _bars(counts)]
        for what, counts in page.report.sizes.items()
        if counts
    ]
    return [*charts, ["Call outcomes", _outcomes(page)]] if page.report.calls else charts


def _outcomes(page: Page) -> list[JsonValue]:
    report, ran = page.report, page.report.outcomes
    if ran:
        differ = ran.get("run", 0) - ran.get("agreed", 0)
        told = {
            "returned": ran.get("returned", 0),
            "failed": ran.get("failed", 0),
            "as recorded": ran.get("agreed", 0),
            "not as recorded": differ,
            "not executed": report.calls - ran.get("run", 0),
        }
    else:
        unanswered = report.gaps.get(Gap.NO_RESULT, 0)
        failed = sum(failures for _, failures, _ in page.tools.values())
        told = {
            "recorded result": report.calls - unanswered - failed,
            "recorded failure": failed,
            "no recorded result": unanswered,
        }
    return [[words, count] for words, count in told.items()]


def _bars(counts: Mapping[int, int]) -> list[JsonValue]:
    """Put whole numbers into at most a dozen classes of equal width."""
    least, most = min(counts), max(counts)
    width = (most - least) // _BARS + 1
    sums: Counter[int] = Counter()
    for number, count in counts.items():
        sums[(number - least) // width] += count
    return [
        [_class(least + index * width, width, most), sums[index]]
        for index in range((most - least) // width + 1)
    ]


def _class(first: int, width: int, most: int) -> str:
    last = min(first + width - 1, most)
    return str(first) if last == first else f"{first} to {last}"
