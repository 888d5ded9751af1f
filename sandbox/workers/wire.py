"""What the runtime sends its workers, as JSON (``sandbox.workers.answers`` reads what they answer)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.errors import SandboxError
from sandbox.state.plain import MAX_INTEGER, plain_json_problem
from sandbox.types import Call, JsonObject, Snapshot, Trajectory
from sandbox.workers.faults import write_faults
from sandbox.workers.frames import encode
from sandbox.workers.pooled import LoadedPack

if TYPE_CHECKING:
    from sandbox.packs.reading import Pack  # brings pydantic, which trusted environments do not need

__all__ = ["pack_message", "write_call", "write_trajectory"]

FLAT, LONG = 40, 10_000  # together still below what a whole walk lets through


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
