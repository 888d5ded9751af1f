"""What an audit found, counted honestly.

Each level counts calls.  The first four build on each other and need nothing but the record: the call could
be *parsed*, its tool is *declared*, its arguments are *valid* under the tool's schema, every value in them is
*grounded* in what came before.  The last two each tell what running the calls showed, whatever else is known
of the call: *replayed*, it did as its recorded result says; *executed*, it ran, and nothing recorded (its
result or failure, the final state) says otherwise.  A call that failed counts only if the record says so too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from toolace_mt.auditing.gaps import Gap
from toolace_mt.auditing.policy import Policy
from toolace_mt.findings import Finding, Severity
from toolace_mt.transcript import JsonObject, Place

__all__ = ["LEVELS", "AuditReport", "FileCounts", "Findings", "LocatedFinding", "Tally", "Verdict"]

Call = tuple[int, int]
"""The place of a call in its dialogue: the message, and the call in it."""

LEVELS = ("parsed", "declared", "valid", "grounded", "replayed", "executed")
"""What is known of calls (see above)."""
_STATIC = LEVELS[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedFinding:
    """A finding with the record in which it stands.

    ``dialogue`` is None if the record could not be read, ``tool`` if the finding is not about a call.
    ``content`` is a digest of a record that has no id of its own, and None otherwise.
    """

    place: Place
    dialogue: str | None
    finding: Finding
    severity: Severity
    tool: str | None = None
    content: str | None = None

    def as_json(self) -> JsonObject:
        """Give the line of findings.jsonl."""
        found = self.finding
        return {
            "file": self.place.file,
            "record": self.place.record,
            "dialogue": self.dialogue,
            "turn": found.turn,
            "call": found.call,
            "tool": self.tool,
            "rule": found.rule,
            "severity": self.severity.value,
            "message": found.message,
            "path": found.path,
            "content": self.content,
        }


class Verdict(NamedTuple):
    """The judgement of one record.

    ``levels`` gives for each call how many of the first four LEVELS it reaches; ``replayed`` and ``executed``
    count calls.  ``outcomes`` counts what its calls did when they were run: returned, failed, agreed (with
    the record).  ``called`` gives the tool of each call,
    ``failed`` the calls that failed (when they were run, or else by the record); ``turns`` is the number of
    messages, ``declared`` that of declared tools.  ``content`` is as in LocatedFinding.
    """

    place: Place
    dialogue: str | None
    findings: tuple[Finding, ...]
    levels: tuple[int, ...] = ()
    replayed: int = 0
    executed: int = 0
    outcomes: Mapping[str, int] = {}
    called: Mapping[Call, str] = {}
    failed: tuple[Call, ...] = ()
    turns: int = 0
    declared: int = 0
    gaps: Mapping[Gap, int] = {}
    content: str | None = None

    def located(self, policy: Policy) -> tuple[LocatedFinding, ...]:
        """Give the findings that are new, with their severity under the policy."""
        return tuple(
            LocatedFinding(
                place=self.place,
                dialogue=self.dialogue,
                finding=found,
                severity=policy.severity(found.rule),
                tool=self._tool(found),
                content=self.content,
            )
            for found in self.findings
            if not policy.is_known(self.place, self.content or self.dialogue, found)
        )

    def _tool(self, found: Finding) -> str | None:
        if found.turn is None or found.call is None:
            return None
        return self.called.get((found.turn, found.call))


@dataclass(slots=True)
class FileCounts:
    """Totals of one file.  ``seconds`` is the time in which the audit was busy with, or waited for, it."""

    records: int = 0
    with_errors: int = 0
    calls: int = 0
    findings: int = 0
    seconds: float = 0.0


def _no_sizes() -> dict[str, Counter[int]]:
    return {"turns": Counter(), "calls": Counter(), "tools": Counter()}


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
    gaps: Counter[Gap] = field(default_factory=Counter)
    sizes: dict[str, Counter[int]] = field(default_factory=_no_sizes)

    def add(self, verdict: Verdict, located: tuple[LocatedFinding, ...]) -> None:
        """Count one dialogue and those of its findings that are new."""
        self.dialogues += verdict.dialogue is not None
        self.calls += len(verdict.levels)
        self.known_findings += len(verdict.findings) - len(located)
        for reached in {*verdict.levels}:
            calls = verdict.levels.count(reached)
            for level in _STATIC[:reached]:
                self.levels[level] += calls
        self.levels["replayed"] += verdict.replayed
        self.levels["executed"] += verdict.executed
        for found in located:
            self.rules[found.finding.rule] += 1
        for outcome, calls in verdict.outcomes.items():
            self.outcomes[outcome] += calls
        for gap, calls in verdict.gaps.items():
            self.gaps[gap] += calls
        if verdict.levels:
            self.gaps[Gap.NOT_RUN] += not verdict.outcomes
        if verdict.dialogue is not None:
            self._measure(verdict)

    def _measure(self, verdict: Verdict) -> None:
        self.sizes["turns"][verdict.turns] += 1
        self.sizes["calls"][len(verdict.levels)] += 1
        self.sizes["tools"][verdict.declared] += 1


class Findings(Protocol):
    """All findings in order; there may be more than fit in memory."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[LocatedFinding]: ...

    def __getitem__(self, index: int, /) -> LocatedFinding: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The result of an audit.

    ``environment`` and ``isolation`` say what executed the calls and how strongly it was confined; both are
    None if nothing was executed.  ``interrupted`` means that not all records were read.  ``sizes`` counts
    dialogues by their number of turns, calls and tools; ``files`` holds counts and seconds by file.
    ``rules_off`` are the codes that were not looked for, ``experts`` the model that was asked (TA8), if any.
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
    gaps: Mapping[Gap, int] = field(default_factory=dict)
    sizes: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    files: Mapping[str, FileCounts] = field(default_factory=dict)
    rules_off: tuple[str, ...] = ()
    experts: str | None = None

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
            "not_checked": {gap.value.replace(" ", "_"): count for gap, count in self.gaps.items()},
            "experts": self.experts,
            "interrupted": self.interrupted,
        }
