"""The seam to whatever can run calls, and how a run changes the verdict on a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sandbox import Outcomes, describe_changes, diff_states
from toolace_mt.auditing.batch import Judged
from toolace_mt.auditing.gaps import Gap
from toolace_mt.auditing.report import Verdict
from toolace_mt.checks import Compared, Pairing, compare_execution, pair_results
from toolace_mt.findings import Finding
from toolace_mt.transcript import JsonObject, Setting, Transcript

__all__ = [
    "Environment",
    "EnvironmentUnusableError",
    "Executed",
    "NotExecuted",
    "Recorded",
    "ends_otherwise",
    "state_differences",
    "with_execution",
]

_OF_REFUSALS = frozenset({"TA501"})


class EnvironmentUnusableError(Exception):
    """The environment cannot be opened; the message names it and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A record as it was read, and its text as it stands in the file."""

    transcript: Transcript
    text: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What a record's parsable calls did, in order.  ``changed_by_reads`` are indexes among the outcomes.

    ``final_state_digest`` is None where there is no state to compare (a mock).  ``made_up`` says that results
    only fit their schemas: then they prove nothing, and only refused calls are of interest.  If the record
    has another final state, ``changes`` says in words what the calls changed, and ``differences`` how the two
    differ, where the record has it whole.
    """

    outcomes: Outcomes
    final_state_digest: str | None
    changed_by_reads: frozenset[int] = frozenset()
    made_up: bool = False
    changes: str = ""
    differences: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExecuted:
    """The environment does not have what the record was made in (TA504)."""

    reason: str


class Environment(Protocol):
    """Runs the calls of records, each from a fresh world."""

    @property
    def name(self) -> str:
        """What the summary calls it."""
        ...

    @property
    def isolation(self) -> str:
        """How strongly the tools' code is confined here."""
        ...

    @property
    def reads(self) -> frozenset[str] | None:
        """The tools that change nothing, or None if unknown."""
        ...

    async def execute(self, records: Sequence[Recorded]) -> list[Executed | NotExecuted]:
        """Execute each record's calls; one result per record, in order."""
        ...


def ends_otherwise(setting: Setting, run: Executed) -> bool:
    """Tell whether the record has a final state, and another one than the run."""
    recorded, found = setting.final_state_digest, run.final_state_digest
    return recorded is not None and found is not None and recorded != found


def state_differences(setting: Setting, executed: JsonObject) -> str:
    """Say how a final state differs from the recorded one; nothing if that is not there as a whole."""
    if setting.final_state is None:
        return ""
    return describe_changes(diff_states(dict(setting.final_state), executed))


def with_execution(judged: Judged, run: Executed | NotExecuted, chosen: frozenset[str]) -> Verdict:
    """Add what the run showed to a record's verdict."""
    assert judged.transcript is not None
    verdict = judged.verdict
    if isinstance(run, NotExecuted):
        found = (Finding(rule="TA504", message=run.reason),)
        return verdict._replace(findings=verdict.findings + _selected(found, chosen))
    pairing = judged.pairing or pair_results(judged.transcript)
    compared = compare_execution(
        judged.transcript,
        run.outcomes,
        run.final_state_digest,
        changed_by_reads=run.changed_by_reads,
        changes=run.changes,
        differences=run.differences,
        pairing=pairing,
    )
    shown = compared.findings
    runs = _runs(pairing, compared, run)
    if run.made_up:
        shown = tuple(finding for finding in shown if finding.rule in _OF_REFUSALS)
    return verdict._replace(
        findings=verdict.findings + _selected(shown, chosen),
        replayed=runs.replayed,
        executed=runs.executed,
        outcomes={
            "run": len(run.outcomes),
            "returned": runs.returned,
            "failed": len(runs.failed),
            "agreed": runs.replayed,
        },
        failed=runs.failed,
        gaps={**verdict.gaps, **_gaps(judged.transcript, compared, runs.executed)},
    )


def _selected(findings: tuple[Finding, ...], chosen: frozenset[str]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.rule in chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    """What running the calls of one record showed, counted (see ``toolace_mt.auditing.report``)."""

    returned: int
    replayed: int
    executed: int
    failed: tuple[tuple[int, int], ...]


def _runs(pairing: Pairing, compared: Compared, run: Executed) -> _Runs:
    disputed = {(finding.turn, finding.call) for finding in compared.findings} | compared.unjudged
    state_is_other = (None, None) in disputed or compared.state_unjudged
    ran = [site.where for site in pairing.sites if site.call.arguments is not None]
    failed = [ran[place] for place in sorted(run.outcomes.faults)]
    agreed = [] if run.made_up else [where for where in ran if where not in disputed] if disputed else ran
    return _Runs(
        returned=len(ran) - len(failed),
        replayed=sum(map(pairing.answers.__contains__, agreed)),
        executed=0 if run.final_state_digest is None or state_is_other else len(agreed),
        failed=tuple(failed),
    )


def _gaps(transcript: Transcript, compared: Compared, executed: int) -> dict[Gap, int]:
    """Count the calls that ran as they should where no recorded state says whether that was all they did, and
    what cannot be judged since tools drew other identifiers."""
    has_state = transcript.setting.final_state_digest is not None
    gaps = {
        Gap.NO_STATE: 0 if has_state else executed,
        Gap.DRAWN: len(compared.unjudged),
        Gap.DRAWN_STATE: int(compared.state_unjudged),
    }
    return {gap: count for gap, count in gaps.items() if count}
