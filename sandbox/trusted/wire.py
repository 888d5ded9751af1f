"""What travels between the parent and the workers of a trusted environment, and back into values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from sandbox.trusted.types import (
    StateReading,
    TrustedExecution,
    TrustedTrajectory,
    TurnExecution,
    Unopened,
    WrittenRecord,
)
from sandbox.types import Call, JsonObject
from sandbox.workers.answers import WrittenFault, read_outcomes
from sandbox.workers.deaths import WorkerDeath, WorkerDied
from sandbox.workers.faults import write_faults
from sandbox.workers.frames import FrameError, check_amount
from sandbox.workers.wire import write_call

__all__ = ["read_results", "write_calls", "write_record", "write_trajectory"]


class _Turn(msgspec.Struct, array_like=True, gc=False):
    results: tuple[msgspec.Raw, ...]
    faults: tuple[WrittenFault, ...]
    state: Any = None
    digest: str | None = None
    digests: tuple[str, ...] = ()


class _Result(msgspec.Struct, gc=False):
    """What came of a trajectory, or why its record is ``unopened``."""

    unopened: str | None = None
    turns: list[_Turn] = []
    state: Any = None
    digest: str = ""


class _Reply(msgspec.Struct, gc=False):
    batch: list[_Result] | None = None
    failed: str = ""


_READER = msgspec.json.Decoder(_Reply)


def write_trajectory(trajectory: TrustedTrajectory) -> dict[str, Any]:
    """Write a record and the calls to make on it."""
    return {
        **write_record(trajectory.record),
        "turns": [write_calls(turn) for turn in trajectory.turns],
        "faults": write_faults(trajectory.faults),
    }


def write_record(record: JsonObject | WrittenRecord) -> dict[str, Any]:
    """Write a record, under the names that say how."""
    if isinstance(record, WrittenRecord):
        return {"text": record.text.decode(errors="replace"), "id": record.id}
    return {"record": dict(record)}


def write_calls(calls: Sequence[Call]) -> list[Any]:
    """Write the calls of one turn."""
    return [write_call(call) for call in calls]


def read_results(
    body: bytes | bytearray, asked: Sequence[TrustedTrajectory], read: StateReading
) -> list[TrustedExecution | Unopened]:
    """Read a worker's answer to a batch.

    Raises ``FrameError`` if it is not one, and ``WorkerDied`` if the worker had too little memory for it.
    """
    check_amount(body)
    try:
        reply = _READER.decode(bytes(body))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a worker's answer is not one: {error}") from None
    if reply.failed == "memory":
        raise WorkerDied(WorkerDeath.MEMORY, "the answer does not fit a worker's memory")
    if reply.batch is None or len(reply.batch) != len(asked):
        raise FrameError(reply.failed or "a worker answered with another number of trajectories")
    return [_result(result, one, read) for result, one in zip(reply.batch, asked, strict=True)]


def _result(result: _Result, asked: TrustedTrajectory, read: StateReading) -> TrustedExecution | Unopened:
    if result.unopened is not None:
        return Unopened(reason=result.unopened)
    if len(result.turns) != len(asked.turns):
        raise FrameError("a worker answered with another number of turns")
    turns: list[TurnExecution] = []
    state: JsonObject | None = None
    for turn, calls in zip(result.turns, asked.turns, strict=True):
        state = state if turn.state is None else turn.state
        turns.append(
            TurnExecution(
                outcomes=read_outcomes(turn.results, turn.faults, len(calls)),
                state=state,
                state_digest=turn.digest,
                call_digests=turn.digests,
            )
        )
    final = state if result.state is None else result.state
    if final is None and read is not StateReading.DIGEST:
        raise FrameError("a worker answered without a final state")
    return TrustedExecution(turns=tuple(turns), final_state=final, final_state_digest=result.digest)
