"""What an audit found, counted honestly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from toolace_mt.checks import severity_of
from toolace_mt.findings import Finding, Severity
from toolace_mt.transcript import JsonObject, Place

__all__ = ["LEVELS", "AuditReport", "LocatedFinding", "Tally", "Verdict"]

LEVELS = ("parsed", "declared", "valid", "grounded", "replayed", "executed")
"""The levels of a call, the weakest first; a call that reaches one has reached all before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedFinding:
    """A finding with the record in which it stands.  ``dialogue`` is None if the record could not be read."""

    place: Place
    dialogue: str | None
    finding: Finding

    @property
    def severity(self) -> Severity:
        return severity_of(self.finding.rule)

    def as_json(self) -> JsonObject:
        """Give the line of findings.jsonl."""
        found = self.finding
        return {
            "file": self.place.file,
            "record": self.place.record,
            "dialogue": self.dialogue,
            "turn": found.turn,
            "call": found.call,
            "rule": found.rule,
            "severity": self.severity.value,
            "message": found.message,
            "path": found.path,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement of one record.

    ``levels`` gives for each call how many of LEVELS it reaches; ``outcomes`` counts what its calls did when
    they were run: returned, failed, agreed (with the record).
    """

    place: Place
    dialogue: str | None
    findings: tuple[Finding, ...]
    levels: tuple[int, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_errors(self) -> bool:
        return any(severity_of(finding.rule) is Severity.ERROR for finding in self.findings)

    @property
    def located(self) -> tuple[LocatedFinding, ...]:
        return tuple(
            LocatedFinding(place=self.place, dialogue=self.dialogue, finding=found) for found in self.findings
        )


@dataclass(slots=True)
class Tally:
    """Running totals."""

    records: int = 0
    dialogues: int = 0
    calls: int = 0
    records_with_errors: int = 0
    levels: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        self.records += 1
        self.dialogues += verdict.dialogue is not None
        self.calls += len(verdict.levels)
        self.records_with_errors += verdict.has_errors
        for reached in verdict.levels:
            self.levels.update(LEVELS[:reached])
        self.rules.update(finding.rule for finding in verdict.findings)
        self.outcomes.update(verdict.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The result of an audit.

    ``environment`` and ``isolation`` say what executed the calls and how strongly it was confined; both are
    None if nothing was executed.  ``interrupted`` means that not all records were read.
    """

    records: int
    dialogues: int
    calls: int
    records_with_errors: int
    levels: Mapping[str, int]
    rules: Mapping[str, int]
    outcomes: Mapping[str, int]
    findings: tuple[LocatedFinding, ...]
    seconds: float
    environment: str | None = None
    isolation: str | None = None
    interrupted: bool = False

    @property
    def percent_with_errors(self) -> float:
        return 100.0 * self.records_with_errors / self.records if self.records else 0.0

    def summary(self) -> JsonObject:
        """Give the content of summary.json."""
        return {
            "records": self.records,
            "dialogues": self.dialogues,
            "calls": self.calls,
            "levels": dict(self.levels),
            "rules": dict(self.rules),
            "records_with_errors": self.records_with_errors,
            "seconds": round(self.seconds, 3),
            "environment": self.environment,
            "isolation": self.isolation,
            "executed_calls": dict(self.outcomes),
            "interrupted": self.interrupted,
        }
