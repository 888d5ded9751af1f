"""What travels between the runtime and its workers, as JSON, and back into values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.errors import SandboxError
from sandbox.frames import encode
from sandbox.packs import Pack
from sandbox.plain import plain_json_problem
from sandbox.pool import LoadedPack
from sandbox.types import Call, Execution, Fault, FaultKind, Outcome, Returned, Snapshot, Step, Trajectory

__all__ = ["pack_message", "read_execution", "write_trajectory"]


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
        "calls": [_call(call) for call in trajectory.calls],
        "faults": [
            [number, [fault.kind.value, fault.code, fault.message]]
            for number, fault in trajectory.faults.items()
        ],
        "keep": trajectory.keep_snapshots,
    }


def _state(snapshot: Snapshot) -> Any:
    state = _plain(snapshot.state)
    problem = plain_json_problem(state, max_nodes=1_000_000)
    if problem is not None:
        raise SandboxError(f"the snapshot of world {snapshot.world} is not plain JSON: {problem}")
    return state


def _call(call: Call) -> list[Any]:
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


def read_execution(trajectory: Trajectory, answer: Mapping[str, Any]) -> Execution:
    """Read a worker's answer to one trajectory."""
    start = trajectory.start
    world, made = (start, 0) if isinstance(start, str) else (start.world, start.calls_made)
    steps = []
    state: Any = None
    for number, (outcome, digest, used, *kept) in enumerate(answer["steps"], made + 1):
        snapshot = None
        if kept:
            counters, sent = kept
            state = state if sent is None else sent
            snapshot = Snapshot(world=world, state=state, counters=counters, calls_made=number)
        steps.append(Step(outcome=_outcome(outcome), state_digest=digest, steps_used=used, snapshot=snapshot))
    final = Snapshot(
        world=world,
        state=answer["state"],
        counters=answer["counters"],
        calls_made=made + len(trajectory.calls),
    )
    return Execution(steps=tuple(steps), final=final, final_state_digest=answer["digest"])


def _outcome(written: list[Any]) -> Outcome:
    if len(written) == 1:
        return Returned(written[0])
    kind, code, message = written
    return Fault(FaultKind(kind), code, message)
