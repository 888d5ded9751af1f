"""A call as it was executed, with the worlds around it, and what a judgement on it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.state.world import state_digest
from sandbox.types import Call, Execution, Outcome, Snapshot, Step

__all__ = ["BrokenLaw", "Executed", "executed_calls", "executed_step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """One executed call, and the world before and after it."""

    call: Call
    outcome: Outcome
    steps_used: int
    before: Snapshot
    after: Snapshot
    digest_before: str
    digest_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLaw:
    """A property's code, the tool that breaks it, and how; ``invariant`` names a law of the pack's own."""

    code: str
    tool: str
    message: str
    invariant: str | None = None

    @property
    def key(self) -> tuple[str, str, str | None]:
        """What makes it the same defect, however it shows."""
        return self.code, self.tool, self.invariant


def executed_step(call: Call, step: Step, before: Snapshot, digest_before: str) -> Executed:
    """Give one call as executed; the step must have kept its snapshot."""
    return Executed(
        call=call,
        outcome=step.outcome,
        steps_used=step.steps_used or 0,
        before=before,
        after=step.snapshot or before,
        digest_before=digest_before,
        digest_after=step.state_digest,
    )


def executed_calls(start: Snapshot, calls: Sequence[Call], execution: Execution) -> tuple[Executed, ...]:
    """Give a whole trajectory as executed; it must have kept its snapshots."""
    done: list[Executed] = []
    here, digest = start, state_digest(start.state)
    for call, step in zip(calls, execution.steps, strict=True):
        done.append(executed_step(call, step, here, digest))
        here, digest = done[-1].after, step.state_digest
    return tuple(done)
