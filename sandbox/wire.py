"""What travels between the runtime and its workers, as JSON, and back into values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.errors import SandboxError
from sandbox.faults import write_faults
from sandbox.frames import FrameError, encode
from sandbox.packs import Pack
from sandbox.plain import plain_json_problem
from sandbox.pool import LoadedPack
from sandbox.types import Call, Execution, Fault, FaultKind, Outcome, Returned, Snapshot, Step, Trajectory

__all__ = ["pack_message", "read_executions", "read_outcome", "write_call", "write_trajectory"]


def pack_message(pack: Pack) -> LoadedPack:
    """Write what a worker needs of a pack: code, contracts and worlds."""
    tools = [
        {
            "name": tool.name,
            "parameters": tool.parameters,
            "returns": tool.returns,
            "effect": tool.effect,
            "touches": tool.touches,
            "errors": tuple(tool.errors),
        }
        for tool in pack.tools
    ]
    body = {"clock": pack.clock, "source": pack.source, "worlds": dict(pack.worlds), "tools": tools}
    return LoadedPack(name=pack.name, digest=pack.digest, frame=encode({"load": body, "digest": pack.digest}))


def write_trajectory(trajectory: Trajectory) -> dict[str, Any]:
    """Write one trajectory.  Raises ``SandboxError`` if its snapshot's state is not plain JSON."""
    start = trajectory.start
    snapshot = Snapshot(world=start, state={}) if isinstance(start, str) else start
    return {
        "world": snapshot.world,
        "state": None if isinstance(start, str) else _state(snapshot),
        "counters": dict(snapshot.counters),
        "made": snapshot.calls_made,
        "calls": [write_call(call) for call in trajectory.calls],
        "faults": write_faults(trajectory.faults),
        "keep": trajectory.keep_snapshots,
    }


def _state(snapshot: Snapshot) -> Any:
    state = _plain(snapshot.state)
    problem = plain_json_problem(state, max_nodes=1_000_000)
    if problem is not None:
        raise SandboxError(f"the snapshot of world {snapshot.world} is not plain JSON: {problem}")
    return state


def write_call(call: Call) -> list[Any]:
    """Write a call; arguments that are not plain JSON stay behind and their problem goes instead."""
    arguments = call.arguments
    problem = plain_json_problem(arguments)
    if problem is not None:
        arguments = _plain(arguments)
        problem = plain_json_problem(arguments)
    return [call.name, arguments] if problem is None else [call.name, {}, problem]


def _plain(value: Any, depth: int = 0) -> Any:
    """Give mappings as dictionaries and sequences as lists, all the way down."""
    if depth > 100:
        return value
    if isinstance(value, Mapping):
        return {key: _plain(part, depth + 1) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_plain(part, depth + 1) for part in value]
    return value


def read_executions(trajectories: Sequence[Trajectory], answers: list[Any]) -> list[Execution]:
    """Read a worker's answers, one per trajectory.  Raises ``FrameError`` if they are not that."""
    if not isinstance(answers, list) or len(answers) != len(trajectories):
        raise FrameError("a worker answered with another number of trajectories")
    return [_execution(trajectory, answer) for trajectory, answer in zip(trajectories, answers, strict=True)]


def _execution(trajectory: Trajectory, answer: Any) -> Execution:
    start = trajectory.start
    world, made = (start, 0) if isinstance(start, str) else (start.world, start.calls_made)
    try:
        if len(answer["steps"]) != len(trajectory.calls):
            raise FrameError("a worker answered with another number of steps")
        final = Snapshot(
            world=world,
            state=answer["state"],
            counters=answer["counters"],
            calls_made=made + len(trajectory.calls),
        )
        steps = _steps(world, made, answer["steps"])
        return Execution(steps=steps, final=final, final_state_digest=answer["digest"])
    except (KeyError, TypeError, ValueError) as error:
        raise FrameError(f"a worker's answer is not one: {type(error).__name__}: {error}") from None


def _steps(world: str, made: int, written: list[Any]) -> tuple[Step, ...]:
    steps = []
    state: Any = None
    for number, (outcome, digest, used, *kept) in enumerate(written, made + 1):
        snapshot = None
        if kept:
            counters, sent = kept
            state = state if sent is None else sent
            snapshot = Snapshot(world=world, state=state, counters=counters, calls_made=number)
        steps.append(
            Step(outcome=read_outcome(outcome), state_digest=digest, steps_used=used, snapshot=snapshot)
        )
    return tuple(steps)


def read_outcome(written: list[Any]) -> Outcome:
    """Read one outcome as a worker wrote it."""
    if len(written) == 1:
        return Returned(written[0])
    kind, code, message = written
    return Fault(FaultKind(kind), code, message)
