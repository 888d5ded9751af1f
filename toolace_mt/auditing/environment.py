"""The seam to whatever can run calls, and how a run changes the verdict on a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sandbox import Fault, Outcome
from toolace_mt.auditing.batch import Judged
from toolace_mt.auditing.gaps import Gap
from toolace_mt.auditing.report import Verdict
from toolace_mt.checks import CallSite, Pairing, call_sites, check_execution, pair_results
from toolace_mt.findings import Finding
from toolace_mt.transcript import Transcript

__all__ = ["Environment", "Executed", "NotExecuted", "Recorded", "with_execution"]

_GROUNDED, _REPLAYED, _EXECUTED = 4, 5, 6
_OF_REFUSALS = frozenset({"TA501"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A record as it was read, and its text as it stands in the file."""

    transcript: Transcript
    text: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What a record's parsable calls did, in order.  ``changed_by_reads`` are indexes among the outcomes.

    ``final_state_digest`` is None where there is no state to compare (a mock).  ``made_up`` says that results
    only fit their schemas: then they prove nothing, and only refused calls are of interest.  ``changes`` says
    in words what the calls changed, if the record has another final state.
    """

    outcomes: tuple[Outcome, ...]
    final_state_digest: str | None
    changed_by_reads: frozenset[int] = frozenset()
    made_up: bool = False
    changes: str = ""


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


def with_execution(judged: Judged, run: Executed | NotExecuted, chosen: frozenset[str]) -> Verdict:
    """Add what the run showed to a record's verdict."""
    assert judged.transcript is not None
    verdict = judged.verdict
    if isinstance(run, NotExecuted):
        found = (Finding(rule="TA504", message=run.reason),)
        return replace(verdict, findings=verdict.findings + _selected(found, chosen))
    sites, pairing = call_sites(judged.transcript), pair_results(judged.transcript)
    shown = check_execution(
        judged.transcript,
        run.outcomes,
        run.final_state_digest,
        changed_by_reads=run.changed_by_reads,
        changes=run.changes,
        pairing=pairing,
    )
    agreed = _agreed(sites, pairing, shown)
    if run.made_up:
        shown = tuple(finding for finding in shown if finding.rule in _OF_REFUSALS)
        agreed = [False] * len(agreed)
    states_agree = _states_agree(judged.transcript, run)
    return replace(
        verdict,
        findings=verdict.findings + _selected(shown, chosen),
        levels=tuple(
            _raised(level, agrees, states_agree) for level, agrees in zip(verdict.levels, agreed, strict=True)
        ),
        outcomes=_counted(run.outcomes, agreed),
        failed=_failed(sites, run.outcomes),
        gaps={**verdict.gaps, **_gaps(judged.transcript, agreed)},
    )


def _selected(findings: tuple[Finding, ...], chosen: frozenset[str]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.rule in chosen)


def _agreed(sites: tuple[CallSite, ...], pairing: Pairing, findings: tuple[Finding, ...]) -> list[bool]:
    """Tell for each call whether it was run, has a recorded result, and did just that."""
    different = {(finding.turn, finding.call) for finding in findings if finding.rule != "TA605"}
    return [
        site.call.arguments is not None
        and (site.turn, site.index) in pairing.answers
        and (site.turn, site.index) not in different
        for site in sites
    ]


def _gaps(transcript: Transcript, agreed: list[bool]) -> dict[Gap, int]:
    """Count the calls that did as recorded where no recorded state says whether that was all they did."""
    if transcript.setting.final_state_digest is not None or not any(agreed):
        return {}
    return {Gap.NO_STATE: sum(agreed)}


def _states_agree(transcript: Transcript, run: Executed) -> bool:
    """A record without a final digest leaves nothing to compare, so nothing is claimed."""
    recorded = transcript.setting.final_state_digest
    return recorded is not None and recorded == run.final_state_digest and not run.changed_by_reads


def _raised(level: int, agrees: bool, states_agree: bool) -> int:
    if level < _GROUNDED or not agrees:
        return level
    return _EXECUTED if states_agree else _REPLAYED


def _failed(sites: tuple[CallSite, ...], outcomes: tuple[Outcome, ...]) -> tuple[tuple[int, int], ...]:
    executed = [site for site in sites if site.call.arguments is not None]
    return tuple(
        (site.turn, site.index)
        for site, outcome in zip(executed, outcomes, strict=True)
        if isinstance(outcome, Fault)
    )


def _counted(outcomes: tuple[Outcome, ...], agreed: list[bool]) -> Counter[str]:
    failed = sum(isinstance(outcome, Fault) for outcome in outcomes)
    return Counter(run=len(outcomes), returned=len(outcomes) - failed, failed=failed, agreed=sum(agreed))
