"""What travels between the runtime and its workers, as JSON, and back into values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.errors import SandboxError
from sandbox.state.plain import MAX_INTEGER, plain_json_problem
from sandbox.types import (
    Call,
    Execution,
    Fault,
    FaultKind,
    JsonObject,
    JsonValue,
    Outcome,
    Returned,
    Snapshot,
    Step,
    Trajectory,
)
from sandbox.workers.faults import write_faults
from sandbox.workers.frames import FrameError, encode
from sandbox.workers.pooled import LoadedPack

if TYPE_CHECKING:
    from sandbox.packs.reading import Pack  # brings pydantic, which trusted environments do not need

__all__ = ["pack_message", "read_executions", "read_outcome", "write_call", "write_trajectory"]

FLAT, LONG = 40, 10_000  # together still below what a whole walk lets through
FAULTS = {kind.value: kind for kind in FaultKind}

# The slots of what is made for every call: a frozen class's own __init__ takes three times as long to fill
# them, and that was a third of the parent's time.
_new: Any = object.__new__
_SET_OUTCOME, _SET_DIGEST, _SET_USED, _SET_SNAPSHOT = (
    vars(Step)[name].__set__ for name in ("outcome", "state_digest", "steps_used", "snapshot")
)
_SET_VALUE = vars(Returned)["value"].__set__
_SET_WORLD, _SET_STATE, _SET_COUNTERS, _SET_MADE = (
    vars(Snapshot)[name].__set__ for name in ("world", "state", "counters", "calls_made")
)
_SET_STEPS, _SET_FINAL_DIGEST, _SET_FINAL = (
    vars(Execution)[name].__set__ for name in ("steps", "final_state_digest", "kept_final")
)


def pack_message(pack: Pack, *, trusted: bool = False) -> LoadedPack:
    """Write what a worker needs of a pack: code, contracts and worlds.  ``trusted`` chooses its lane."""
    tools = {
        tool.name: {
            "name": tool.name,
            "parameters": tool.parameters,
            "returns": tool.returns,
            "effect": tool.effect,
            "touches": tool.touches,
            "errors": tuple(tool.errors),
            "part": part,
        }
        for part, one in enumerate(pack.parts or (pack,))
        for tool in one.tools
    }
    body = {"clock": pack.clock, "worlds": _texts(pack.worlds), "tools": _texts(tools)}
    return LoadedPack(
        name=pack.name,
        digest=pack.digest,
        sources=tuple(_compile_message(part, trusted=trusted) for part in pack.parts or (pack,)),
        load={"load": orjson.Fragment(orjson.dumps(body)), "digest": pack.digest, "trusted": trusted},
    )


def _texts(parts: Mapping[str, Any]) -> dict[str, str]:
    """Write each part by itself: a worker keeps text, a tenth of the values, until it needs them."""
    return {name: orjson.dumps(part).decode() for name, part in parts.items()}


def _compile_message(part: Pack, *, trusted: bool) -> bytes:
    schemas = {
        f"{tool.name}.{which}": schema
        for tool in part.tools
        for which, schema in (("parameters", tool.parameters), ("returns", tool.returns))
    }
    return encode({"compile": part.sources, "trusted": trusted, "schemas": schemas})


def write_trajectory(trajectory: Trajectory, pack: Pack) -> dict[str, Any]:
    """Write one trajectory.  Raises ``SandboxError`` if its snapshot's state is not plain JSON."""
    start = trajectory.start
    entry: dict[str, Any] = {"calls": [write_call(call) for call in trajectory.calls]}
    if isinstance(start, str):
        entry["world"] = start
    else:
        entry |= _snapshot(start, pack.worlds.get(start.world, {}))
    if trajectory.faults:
        entry["faults"] = write_faults(trajectory.faults)
    if trajectory.keep_snapshots:
        entry["keep"] = True
    if not trajectory.keep_final:
        entry["final"] = False
    return entry


def _snapshot(snapshot: Snapshot, origin: JsonObject) -> dict[str, Any]:
    """Write a snapshot as what sets it apart from its world; tables that are the world's own stay behind."""
    state = snapshot.state
    differing = {name: table for name, table in state.items() if origin.get(name, _NONE) is not table}
    tables: Any = differing
    problem = plain_json_problem(tables, max_nodes=1_000_000)
    if problem is not None:  # a caller's own mappings, it may be
        tables = _plain(differing)
        problem = plain_json_problem(tables, max_nodes=1_000_000)
    if problem is not None:
        raise SandboxError(f"the snapshot of world {snapshot.world} is not plain JSON: {problem}")
    return {
        "world": snapshot.world,
        "tables": tables,
        "gone": [name for name in origin if name not in state],
        "counters": dict(snapshot.counters),
        "made": snapshot.calls_made,
    }


_NONE = object()


def write_call(call: Call) -> list[Any]:
    """Write a call; arguments that are not plain JSON stay behind and their problem goes instead."""
    arguments = call.arguments
    if _is_flat(arguments):
        return [call.name, arguments]
    problem = plain_json_problem(arguments)
    if problem is not None:
        arguments = _plain(arguments)
        problem = plain_json_problem(arguments)
    return [call.name, arguments] if problem is None else [call.name, {}, problem]


def _is_flat(arguments: Any) -> bool:
    """Tell at once that arguments are plain: nearly all are a few short words by name."""
    if type(arguments) is not dict or len(arguments) > FLAT:
        return False
    for name, value in arguments.items():
        if type(name) is not str or not name.isascii() or len(name) > LONG:
            return False
        kind = type(value)
        if kind is str:
            if not value.isascii() or len(value) > LONG:
                return False
        elif kind is int:
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                return False
        elif kind is not bool and value is not None:
            return False
    return True


def _plain(value: Any, depth: int = 0) -> Any:
    """Give mappings as dictionaries and sequences as lists, all the way down."""
    if depth > 100:
        return value
    if isinstance(value, Mapping):
        return {key: _plain(part, depth + 1) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_plain(part, depth + 1) for part in value]
    return value


def read_executions(trajectories: Sequence[Trajectory], pack: Pack, answers: list[Any]) -> list[Execution]:
    """Read a worker's answers, one per trajectory.  Raises ``FrameError`` if they are not that."""
    if not isinstance(answers, list) or len(answers) != len(trajectories):
        raise FrameError("a worker answered with another number of trajectories")
    try:
        return [
            _execution(trajectory, pack, answer)
            for trajectory, answer in zip(trajectories, answers, strict=True)
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FrameError(f"a worker's answer is not one: {type(error).__name__}: {error}") from None


def _execution(trajectory: Trajectory, pack: Pack, answer: Any) -> Execution:
    """Read one answer: columns of results, digests and steps used, and the faults of those that failed."""
    steps = _steps(answer["results"], answer["digests"], answer["used"])
    if len(steps) != len(trajectory.calls):
        raise FrameError("a worker answered with another number of steps")
    for number, kind, code, message in answer["faults"]:
        _set_fault(steps, number, _fault(kind, code, message))
    digest = answer["digest"]
    if type(digest) is not str:
        raise TypeError("a digest is a text")
    final = None
    if trajectory.keep_final or trajectory.keep_snapshots:
        final = _snapshots(trajectory, pack, steps, answer)
    execution: Execution = _new(Execution)
    _SET_STEPS(execution, tuple(steps))
    _SET_FINAL_DIGEST(execution, digest)
    _SET_FINAL(execution, final)
    return execution


def _steps(results: list[Any], digests: list[Any], used: list[Any]) -> list[Step]:
    steps = []
    for value, digest, count in zip(results, digests, used, strict=True):
        if type(digest) is not str or (type(count) is not int and count is not None):
            raise TypeError("a step has a digest and counts its steps")
        returned = _new(Returned)
        _SET_VALUE(returned, value)
        step = _new(Step)
        _SET_OUTCOME(step, returned)
        _SET_DIGEST(step, digest)
        _SET_USED(step, count)
        _SET_SNAPSHOT(step, None)
        steps.append(step)
    return steps


def _set_fault(steps: list[Step], number: Any, fault: Fault) -> None:
    """Put a fault in the place of its call's result, which is null."""
    if type(number) is not int or not 0 <= number < len(steps):
        raise ValueError("a fault has the number of its call")
    if steps[number].outcome != Returned(None):
        raise ValueError("a call has a fault or a result")
    _SET_OUTCOME(steps[number], fault)


def _snapshots(trajectory: Trajectory, pack: Pack, steps: list[Step], answer: Any) -> Snapshot | None:
    """Give the last snapshot if it is to be kept; put those between calls, if they are, into the steps."""
    start = trajectory.start
    if isinstance(start, str):
        start = Snapshot(world=start, state=pack.worlds[start])
    state, made = start.state, start.calls_made
    if trajectory.keep_snapshots:
        for step, (counters, tables, gone) in zip(steps, answer["kept"], strict=True):
            state, made = _after(state, tables, gone), made + 1
            _SET_SNAPSHOT(step, _snapshot_of(start.world, state, counters, made))
    if not trajectory.keep_final:
        return None
    state = _after(state, answer["tables"], answer["gone"])
    return _snapshot_of(start.world, state, answer["counters"], start.calls_made + len(steps))


def _snapshot_of(world: str, state: JsonObject, counters: Any, made: int) -> Snapshot:
    if type(counters) is not dict:
        raise TypeError("counters are numbers by name")
    for count in counters.values():
        if type(count) is not int:
            raise TypeError("counters are numbers by name")
    snapshot: Snapshot = _new(Snapshot)
    _SET_WORLD(snapshot, world)
    _SET_STATE(snapshot, state)
    _SET_COUNTERS(snapshot, counters)
    _SET_MADE(snapshot, made)
    return snapshot


def _after(state: JsonObject, tables: Mapping[str, JsonValue], gone: Sequence[str]) -> JsonObject:
    """Give a state with some tables changed; the others are the same objects as before."""
    if not tables and not gone:
        return state
    after = {**state, **tables}
    for name in gone:
        del after[name]
    return after if len(after) == len(state) and not gone else {name: after[name] for name in sorted(after)}


def read_outcome(written: list[Any]) -> Outcome:
    """Read one outcome as a worker wrote it."""
    if len(written) == 1:
        returned: Returned = _new(Returned)
        _SET_VALUE(returned, written[0])
        return returned
    kind, code, message = written
    return _fault(kind, code, message)


def _fault(kind: Any, code: Any, message: Any) -> Fault:
    if type(code) is not str or type(message) is not str:
        raise TypeError("a fault's code and message are texts")
    return Fault(FAULTS[kind], code, message)
