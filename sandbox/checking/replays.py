"""Runs what was done once more, elsewhere and in another order of keys: it must come out the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.checking.executed import BrokenLaw, Executed
from sandbox.types import Call, Execution, Snapshot, Trajectory

__all__ = ["first_difference", "replayed", "turned_round"]


def replayed(start: Snapshot, calls: Sequence[Call], *, turned: bool) -> Trajectory:
    """Give the calls as one trajectory from the start; ``turned`` reverses every object's keys (P13)."""
    if not turned:
        return Trajectory(start=start, calls=tuple(calls))
    state = turned_round(start.state)
    return Trajectory(
        start=Snapshot(world=start.world, state=state),
        calls=tuple(Call(name=call.name, arguments=turned_round(call.arguments)) for call in calls),
    )


def turned_round(value: Any) -> Any:
    """Give the same JSON with the keys of every object in reverse order."""
    if isinstance(value, Mapping):
        return {key: turned_round(value[key]) for key in reversed(list(value))}
    if isinstance(value, (list, tuple)):
        return [turned_round(part) for part in value]
    return value


def first_difference(
    done: Sequence[Executed], again: Execution, *, turned: bool
) -> tuple[int, BrokenLaw] | None:
    """Give the first call that came out differently: P13 with turned keys, else P8 or P18."""
    for number, (once, step) in enumerate(zip(done, again.steps, strict=True)):
        tool = once.call.name
        if once.outcome != step.outcome:
            message = f"once it gave {_short(once.outcome)}, then {_short(step.outcome)}"
            return number, BrokenLaw(code="P13" if turned else "P8", tool=tool, message=message)
        if once.digest_after != step.state_digest:
            message = "the same calls led to another state"
            return number, BrokenLaw(code="P13" if turned else "P18", tool=tool, message=message)
        if not turned and once.steps_used != (step.steps_used or 0):
            message = f"once it took {once.steps_used} steps, then {step.steps_used}"
            return number, BrokenLaw(code="P8", tool=tool, message=message)
    return None


def _short(outcome: object) -> str:
    text = repr(outcome)
    return text if len(text) <= 200 else f"{text[:200]}..."
