"""What an audit knows so far; it outlives an interruption."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from toolace_mt.auditing.batch import Judged
from toolace_mt.auditing.output import AuditFiles
from toolace_mt.auditing.page import Example, Page, write_page
from toolace_mt.auditing.policy import Policy
from toolace_mt.auditing.report import LEVELS, AuditReport, FileCounts, LocatedFinding, Tally, Verdict
from toolace_mt.auditing.shown import shown_dialogue
from toolace_mt.auditing.spool import FindingLog
from toolace_mt.checks import RULES
from toolace_mt.findings import Finding, Severity
from toolace_mt.formats import RawRecord
from toolace_mt.provenance import trace
from toolace_mt.transcript import JsonObject

__all__ = ["Collected"]

_EXAMPLES_PER_RULE = 12
_ROWS_ON_PAGE = 10_000
_ROWS_PER_RULE = 100


@dataclass(slots=True)
class Collected:
    """Counts verdicts, keeps findings, and hands both to the files."""

    files: AuditFiles | None
    policy: Policy
    started: float = field(default_factory=time.perf_counter)
    tally: Tally = field(default_factory=Tally)
    findings: FindingLog = field(default_factory=FindingLog)
    environment: str | None = None
    isolation: str | None = None
    experts: str | None = None
    called: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    blamed: Counter[str] = field(default_factory=Counter)
    by_file: dict[str, FileCounts] = field(default_factory=dict)
    rows: list[LocatedFinding] = field(default_factory=list)
    examples: dict[tuple[str, int, str | None], Example] = field(default_factory=dict)
    _shown: Counter[str] = field(default_factory=Counter)
    _rows_by_rule: Counter[str] = field(default_factory=Counter)
    _last: float = field(default_factory=time.perf_counter)

    def executing_in(self, environment: str, isolation: str) -> None:
        """Note what runs the calls; its start is not charged to the first file."""
        self.environment, self.isolation = environment, isolation
        self._last = time.perf_counter()

    def add(self, raw: RawRecord, verdicts: list[Verdict], judged: list[Judged]) -> None:
        """Take in the verdicts on the dialogues of one record."""
        readable, has_errors, found = True, False, 0
        for verdict, part in zip(verdicts, judged, strict=True):
            located = verdict.located(self.policy) if verdict.findings else ()
            self.tally.add(verdict, located)
            readable = readable and verdict.dialogue is not None
            has_errors = has_errors or any(found.severity is Severity.ERROR for found in located)
            if located:
                found += len(located)
                self._add_findings(located, part)
            if self.files is not None:
                self.called.update(verdict.called.values())
                self.failed.update(verdict.called[site] for site in verdict.failed)
        self._count(verdicts[0].place.file, verdicts, found, has_errors=has_errors)
        if self.files is not None and readable and not has_errors:
            self.files.add_clean(raw.text)
        if self.files is not None:
            self.files.add_fixed(verdicts[0].place, raw)

    def _count(self, file: str, verdicts: list[Verdict], found: int, *, has_errors: bool) -> None:
        self.tally.records += 1
        self.tally.records_with_errors += has_errors
        counts = self.by_file.get(file)
        if counts is None:
            counts = self.by_file[file] = FileCounts()
        now = time.perf_counter()
        counts.seconds += now - self._last
        self._last = now
        counts.records += 1
        counts.with_errors += has_errors
        counts.calls += sum(len(verdict.levels) for verdict in verdicts)
        counts.findings += found

    def _add_findings(self, located: tuple[LocatedFinding, ...], part: Judged) -> None:
        for found in located:
            self.findings.add(found)
            if self.files is not None:
                self.files.add_finding(found)
                self._add_row(found)
        rules = {found.finding.rule for found in located}
        if self.files is None or all(self._shown[rule] >= _EXAMPLES_PER_RULE for rule in rules):
            return
        dialogue = _dialogue(part, tuple(found.finding for found in located))
        if dialogue is not None:
            self._shown.update(rules)
            first = located[0]
            key = (first.place.file, first.place.record, first.dialogue)
            self.examples[key] = Example(dialogue=dialogue, findings=located)

    def _add_row(self, found: LocatedFinding) -> None:
        """Keep the first findings for the page, and some of each rule however late they come."""
        rule = found.finding.rule
        if len(self.rows) < _ROWS_ON_PAGE or self._rows_by_rule[rule] < _ROWS_PER_RULE:
            self._rows_by_rule[rule] += 1
            self.rows.append(found)
        if found.tool is not None:
            self.blamed[found.tool] += 1

    def finish(self, *, interrupted: bool) -> AuditReport:
        """Give the report, and put the files in place."""
        report = self._report(interrupted=interrupted)
        if self.files is not None:
            self.files.finish(report, write_page(self._page(report)))
        return report

    def _page(self, report: AuditReport) -> Page:
        tools = {
            name: (calls, self.failed[name], self.blamed[name]) for name, calls in self.called.most_common()
        }
        return Page(report=report, rows=self.rows, examples=self.examples, tools=tools)

    def _report(self, *, interrupted: bool) -> AuditReport:
        tally = self.tally
        return AuditReport(
            records=tally.records,
            dialogues=tally.dialogues,
            calls=tally.calls,
            records_with_errors=tally.records_with_errors,
            known_findings=tally.known_findings,
            levels={level: tally.levels[level] for level in LEVELS},
            rules=dict(sorted(tally.rules.items())),
            outcomes=dict(tally.outcomes),
            findings=self.findings,
            seconds=time.perf_counter() - self.started,
            environment=self.environment,
            isolation=self.isolation,
            interrupted=interrupted,
            gaps={gap: count for gap, count in tally.gaps.items() if count},
            sizes=tally.sizes,
            files=self.by_file,
            rules_off=tuple(rule.code for rule in RULES if rule.code not in self.policy.chosen),
            experts=self.experts,
        )


def _dialogue(part: Judged, findings: tuple[Finding, ...]) -> JsonObject | None:
    """Give the dialogue to show; one in which only the execution found something was not drawn before."""
    if part.shown is None and part.transcript is not None:
        return shown_dialogue(part.transcript, trace(part.transcript), findings)
    return part.shown
