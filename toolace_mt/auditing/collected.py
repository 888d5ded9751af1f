"""What an audit knows so far; it outlives an interruption."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from toolace_mt.auditing.output import AuditFiles
from toolace_mt.auditing.page import Example, Page, write_page
from toolace_mt.auditing.policy import Policy
from toolace_mt.auditing.report import LEVELS, AuditReport, LocatedFinding, Tally, Verdict
from toolace_mt.auditing.spool import FindingLog
from toolace_mt.findings import Severity
from toolace_mt.formats import RawRecord
from toolace_mt.transcript import JsonObject

__all__ = ["Collected"]

_EXAMPLES_PER_RULE = 12
_ROWS_ON_PAGE = 10_000


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
    called: Counter[str] = field(default_factory=Counter)
    blamed: Counter[str] = field(default_factory=Counter)
    by_file: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[tuple[str, int, str | None], Example] = field(default_factory=dict)
    _shown: Counter[str] = field(default_factory=Counter)

    def add(self, raw: RawRecord, verdicts: list[Verdict], shown: list[JsonObject | None]) -> None:
        """Take in the verdicts on the dialogues of one record."""
        readable, has_errors = True, False
        for verdict, dialogue in zip(verdicts, shown, strict=True):
            located = verdict.located(self.policy) if verdict.findings else ()
            self.tally.add(verdict, located)
            readable = readable and verdict.dialogue is not None
            has_errors = has_errors or any(found.severity is Severity.ERROR for found in located)
            if located:
                self._add_findings(located, dialogue)
            if self.files is not None:
                self.called.update(verdict.called)
                self.blamed.update(verdict.blamed)
        self._count(verdicts[0].place.file, verdicts, has_errors=has_errors)
        if self.files is not None and readable and not has_errors:
            self.files.add_clean(raw.text)
        if self.files is not None:
            self.files.add_fixed(verdicts[0].place, raw)

    def _count(self, file: str, verdicts: list[Verdict], *, has_errors: bool) -> None:
        self.tally.records += 1
        self.tally.records_with_errors += has_errors
        counts = self.by_file.setdefault(file, Counter())
        counts["records"] += 1
        counts["with errors"] += has_errors
        counts["calls"] += sum(len(verdict.levels) for verdict in verdicts)
        counts["findings"] += sum(len(verdict.findings) for verdict in verdicts)

    def _add_findings(self, located: tuple[LocatedFinding, ...], dialogue: JsonObject | None) -> None:
        for found in located:
            self.findings.add(found)
            if self.files is not None:
                self.files.add_finding(found)
        if dialogue is None:
            return
        rules = {found.finding.rule for found in located}
        if any(self._shown[rule] < _EXAMPLES_PER_RULE for rule in rules):
            self._shown.update(rules)
            first = located[0]
            key = (first.place.file, first.place.record, first.dialogue)
            self.examples[key] = Example(dialogue=dialogue, findings=located)

    def finish(self, *, interrupted: bool) -> AuditReport:
        """Give the report, and put the files in place."""
        report = self._report(interrupted=interrupted)
        if self.files is not None:
            self.files.finish(report, write_page(self._page(report)))
        return report

    def _page(self, report: AuditReport) -> Page:
        return Page(
            report=report,
            examples=self.examples,
            tools={name: (calls, self.blamed[name]) for name, calls in self.called.most_common()},
            files={Path(name).name if len(self.by_file) == 1 else name: dict(counts)
                   for name, counts in self.by_file.items()},
            rows=_ROWS_ON_PAGE,
        )  # fmt: skip

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
        )
