"""Stage 3, offline verification: every rule, and every call executed again from a fresh world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sandbox import Call, Execution, Pack, Trajectory
from toolace_mt.checks import compare_execution, judge, severity_of
from toolace_mt.draft import Draft
from toolace_mt.findings import Finding, Severity
from toolace_mt.provenance import Trace
from toolace_mt.transcribe import first_turn_of, transcript_of
from toolace_mt.transcript import Transcript

__all__ = ["Verdict", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``faults`` are the findings that keep a dialogue out; ``turn`` is where the first of them stands.

    ``sources`` say where each argument comes from.
    """

    transcript: Transcript
    sources: Trace
    faults: tuple[Finding, ...] = field(default=())
    turn: int | None = None

    @property
    def is_accepted(self) -> bool:
        return not self.faults


async def verify(draft: Draft, pack: Pack, run: Callable[[Trajectory], Awaitable[Execution]]) -> Verdict:
    """Judge a complete draft.  In our own data a warning is as bad as an error."""
    calls = tuple(Call(name=call.name, arguments=call.arguments) for call in draft.dialogue.calls())
    execution = await run(Trajectory(start=draft.start.world, calls=calls, keep_final=False))
    transcript = transcript_of(draft, final_state_digest=draft.final_state_digest)
    reads = frozenset(tool.name for tool in pack.tools if tool.effect == "read")
    judgement = judge(transcript, reads=reads)
    assert judgement.sources is not None  # of all rules, some need them
    compared = compare_execution(transcript, execution.outcomes, execution.final_state_digest)
    findings = (*judgement.findings, *compared.findings)
    faults = tuple(finding for finding in findings if severity_of(finding.rule) is not Severity.INFO)
    first = faults[0].turn if faults else None
    turn = None if first is None else first_turn_of(draft.dialogue, first)
    return Verdict(transcript=transcript, sources=judgement.sources, faults=faults, turn=turn)
