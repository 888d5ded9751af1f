"""What an audit found, counted honestly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from toolace_mt.auditing.policy import Policy
from toolace_mt.findings import Finding, Severity
from toolace_mt.transcript import JsonObject, Place

__all__ = ["LEVELS", "AuditReport", "Findings", "LocatedFinding", "Tally", "Verdict"]

LEVELS = ("parsed", "declared", "valid", "grounded", "replayed", "executed")
"""The levels of a call, the weakest first; a call that reaches one has reached all before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedFinding:
    """A finding with the record in which it stands.  ``dialogue`` is None if the record could not be read."""

    place: Place
    dialogue: str | None
    finding: Finding
    severity: Severity

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
    they were run: returned, failed, agreed (with the record).  ``called`` are the tools of the calls, and
    ``blamed`` those of the calls with findings, once for each finding.
    """

    place: Place
    dialogue: str | None
    findings: tuple[Finding, ...]
    levels: tuple[int, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    called: tuple[str, ...] = ()
    blamed: tuple[str, ...] = ()

    def located(self, policy: Policy) -> tuple[LocatedFinding, ...]:
        """Give the findings that are new, with their severity under the policy."""
        return tuple(
            LocatedFinding(
                place=self.place,
                dialogue=self.dialogue,
                finding=found,
                severity=policy.severity(found.rule),
            )
            for found in self.findings
            if not policy.is_known(self.place, self.dialogue, found)
        )


@dataclass(slots=True)
class Tally:
    """Running totals."""

    records: int = 0
    dialogues: int = 0
    calls: int = 0
    records_with_errors: int = 0
    known_findings: int = 0
    levels: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict, located: tuple[LocatedFinding, ...]) -> None:
        """Count one dialogue and those of its findings that are new."""
        self.dialogues += verdict.dialogue is not None
        self.calls += len(verdict.levels)
        self.known_findings += len(verdict.findings) - len(located)
        for reached, calls in Counter(verdict.levels).items():
            for level in LEVELS[:reached]:
                self.levels[level] += calls
        for found in located:
            self.rules[found.finding.rule] += 1
        if verdict.outcomes:
            self.outcomes.update(verdict.outcomes)


class Findings(Protocol):
    """All findings in order; there may be more than fit in memory."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[LocatedFinding]: ...

    def __getitem__(self, index: int, /) -> LocatedFinding: ...


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
    findings: Findings
    seconds: float
    known_findings: int = 0
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
            "known_findings": self.known_findings,
            "seconds": round(self.seconds, 3),
            "environment": self.environment,
            "isolation": self.isolation,
            "executed_calls": dict(self.outcomes),
            "interrupted": self.interrupted,
        }
