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

# The slots of what is made for every dialogue: a frozen class's own __init__ takes three times as long to
# fill them.
_new: Any = object.__new__
_SET_VALUE = vars(Returned)["value"].__set__
_SET_WORLD, _SET_STATE, _SET_COUNTERS, _SET_MADE = (
    vars(Snapshot)[name].__set__ for name in ("world", "state", "counters", "calls_made")
)
_SET_RESULTS, _SET_FAULTS, _SET_DIGESTS, _SET_USED, _SET_SNAPSHOTS, _SET_FINAL_DIGEST, _SET_FINAL = (
    vars(Execution)[name].__set__
    for name in (
        "results",
        "faults",
        "state_digests",
        "steps_used",
        "snapshots",
        "final_state_digest",
        "kept_final",
    )
)
_TEXTS, _COUNTS = frozenset({str}), frozenset({int, type(None)})


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
    arguments: Any = call.arguments
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
    results, digests, used = answer["results"], answer["digests"], answer["used"]
    for column in (results, digests, used):
        if type(column) is not list or len(column) != len(trajectory.calls):
            raise FrameError("a worker answered with another number of steps")
    digest = answer["digest"]
    if type(digest) is not str or not _TEXTS.issuperset(map(type, digests)):
        raise TypeError("a digest is a text")
    if not _COUNTS.issuperset(map(type, used)):
        raise TypeError("steps are counted, or None")
    faults: dict[int, Fault] = {}
    for number, kind, code, message in answer["faults"]:
        if type(number) is not int or not 0 <= number < len(results):
            raise ValueError("a fault has the number of its call")
        if results[number] is not None or number in faults:
            raise ValueError("a call has a fault or a result")
        faults[number] = _fault(kind, code, message)
    snapshots: tuple[Snapshot, ...] = ()
    final: Snapshot | None = None
    if trajectory.keep_final or trajectory.keep_snapshots:
        snapshots, final = _snapshots(trajectory, pack, answer)
    execution: Execution = _new(Execution)
    _SET_RESULTS(execution, tuple(results))
    _SET_FAULTS(execution, faults)
    _SET_DIGESTS(execution, tuple(digests))
    _SET_USED(execution, tuple(used))
    _SET_SNAPSHOTS(execution, snapshots)
    _SET_FINAL_DIGEST(execution, digest)
    _SET_FINAL(execution, final)
    return execution


def _snapshots(
    trajectory: Trajectory, pack: Pack, answer: Any
) -> tuple[tuple[Snapshot, ...], Snapshot | None]:
    """Give the snapshots between the calls, and the last, those that are to be kept."""
    start = trajectory.start
    if isinstance(start, str):
        start = Snapshot(world=start, state=pack.worlds[start])
    state, made, kept = start.state, start.calls_made, []
    if trajectory.keep_snapshots:
        for _, (counters, tables, gone) in zip(trajectory.calls, answer["kept"], strict=True):
            state, made = _after(state, tables, gone), made + 1
            kept.append(_snapshot_of(start.world, state, counters, made))
    if not trajectory.keep_final:
        return tuple(kept), None
    state = _after(state, answer["tables"], answer["gone"])
    made = start.calls_made + len(trajectory.calls)
    return tuple(kept), _snapshot_of(start.world, state, answer["counters"], made)


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
