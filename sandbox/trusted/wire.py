"""What travels between the parent and the workers of a trusted environment, and back into values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.trusted.types import StateReading, TrustedExecution, TrustedTrajectory, TurnExecution, Unopened
from sandbox.types import Call, JsonObject
from sandbox.workers.frames import FrameError
from sandbox.workers.wire import read_outcome, write_call

__all__ = ["read_results", "write_calls"]


def write_calls(calls: Sequence[Call]) -> list[Any]:
    """Write the calls of one turn."""
    return [write_call(call) for call in calls]


def read_results(
    answer: dict[str, Any], asked: Sequence[TrustedTrajectory], read: StateReading
) -> list[TrustedExecution | Unopened]:
    """Read a worker's answer to a batch.  Raises ``FrameError`` if it is not one."""
    results = answer.get("batch")
    if not isinstance(results, list) or len(results) != len(asked):
        raise FrameError(str(answer.get("failed", "a worker answered with another number of trajectories")))
    try:
        return [_result(result, one, read) for result, one in zip(results, asked, strict=True)]
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise FrameError(f"a worker's answer is not one: {type(error).__name__}: {error}") from None


def _result(
    result: dict[str, Any], asked: TrustedTrajectory, read: StateReading
) -> TrustedExecution | Unopened:
    if "unopened" in result:
        return Unopened(reason=result["unopened"])
    turns: list[TurnExecution] = []
    state: JsonObject | None = None
    for written, calls in zip(result["turns"], asked.turns, strict=True):
        turns.append(_turn(written, calls, state))
        state = turns[-1].state
    final = state if result["state"] is None else result["state"]
    if final is None and read is not StateReading.DIGEST:
        raise FrameError("a worker answered without a final state")
    return TrustedExecution(turns=tuple(turns), final_state=final, final_state_digest=result["digest"])


def _turn(written: list[Any], calls: Sequence[Call], before: JsonObject | None) -> TurnExecution:
    """Read a turn; a state that is not written is that of the turn before."""
    outcomes = written[0]
    if len(outcomes) != len(calls):
        raise FrameError("a worker answered with another number of calls")
    read = tuple([read_outcome(outcome) for outcome in outcomes])
    if len(written) == 1:
        return TurnExecution(outcomes=read)
    _, value, digest, digests = written
    return TurnExecution(
        outcomes=read,
        state=before if value is None else value,
        state_digest=digest,
        call_digests=tuple(digests),
    )
