"""What a worker answers to a batch of trajectories, read with distrust.

Types are checked while the JSON is parsed.  Results stay as they were written, for nobody may ever ask for
them, and as text they take a fifth of the memory of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from sandbox.types import Execution, Fault, FaultKind, JsonObject, JsonValue, Outcomes, Snapshot, Trajectory
from sandbox.workers.frames import FrameError, check_amount

if TYPE_CHECKING:
    from sandbox.packs.reading import Pack

__all__ = ["Answer", "Reply", "WrittenFault", "read_executions", "read_outcomes", "read_reply"]

T = TypeVar("T")
Counters = dict[str, int]
Tables = dict[str, Any]

# The slots of what is made for every dialogue: a frozen class's own __init__ takes three times as long to
# fill them.
_new: Any = object.__new__
_SET_WORLD, _SET_STATE, _SET_COUNTERS, _SET_MADE = (
    vars(Snapshot)[name].__set__ for name in ("world", "state", "counters", "calls_made")
)
_SET_OUTCOMES, _SET_DIGESTS, _SET_USED, _SET_SNAPSHOTS, _SET_FINAL_DIGEST, _SET_FINAL = (
    vars(Execution)[name].__set__
    for name in (
        "outcomes",
        "state_digests",
        "steps_used",
        "snapshots",
        "final_state_digest",
        "kept_final",
    )
)


WrittenFault = tuple[int, FaultKind, str, str]
"""The call's place, and the fault."""


class Answer(msgspec.Struct, gc=False):
    """What a trajectory did: columns of results, digests and steps used, and the faults by their place.

    ``kept`` are the snapshots between the calls, what follows is the last, each only if it was to be kept:
    counters, the tables that changed, and those that are gone.
    """

    results: tuple[msgspec.Raw, ...]
    digests: tuple[str, ...]
    used: tuple[int | None, ...]
    faults: tuple[WrittenFault, ...]
    digest: str
    kept: list[tuple[Counters, Tables, list[str]]] | None = None
    counters: Counters | None = None
    tables: Tables | None = None
    gone: list[str] | None = None


class Reply(msgspec.Struct, gc=False):
    """A batch's answers, with the number of the request; or how it ``failed``, and ``why``."""

    number: int = 0
    batch: list[Answer] | None = None
    failed: str = ""
    why: str = ""


_READER = msgspec.json.Decoder(Reply)


def read_reply(body: bytes | bytearray) -> Reply:
    """Read a frame's body.  Raises ``FrameError`` if it is no reply, or holds too many values to keep."""
    check_amount(body)
    try:
        return _READER.decode(bytes(body))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a worker's answer is not one: {error}") from None


def read_executions(
    trajectories: Sequence[Trajectory], pack: Pack, answers: Sequence[Answer]
) -> list[Execution]:
    """Read a worker's answers, one per trajectory.  Raises ``FrameError`` if they are not that."""
    if len(answers) != len(trajectories):
        raise FrameError("a worker answered with another number of trajectories")
    try:
        return [
            _execution(trajectory, pack, answer)
            for trajectory, answer in zip(trajectories, answers, strict=True)
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FrameError(f"a worker's answer is not one: {type(error).__name__}: {error}") from None


def read_outcomes(results: Sequence[msgspec.Raw], faults: Iterable[WrittenFault], calls: int) -> Outcomes:
    """Read the outcomes of so many calls.  Raises ``FrameError`` if they are not that."""
    written = tuple(map(bytes, results))
    if len(written) != calls:
        raise FrameError("a worker answered with another number of calls")
    failed: dict[int, Fault] = {}
    for number, kind, code, message in faults:
        if not 0 <= number < calls or number in failed or written[number] != b"null":
            raise FrameError("a fault has the number of a call without a result")
        failed[number] = Fault(kind, code, message)
    return Outcomes(written, failed)


def _execution(trajectory: Trajectory, pack: Pack, answer: Answer) -> Execution:
    calls = len(trajectory.calls)
    outcomes = read_outcomes(answer.results, answer.faults, calls)
    if not len(answer.digests) == len(answer.used) == calls:
        raise FrameError("a worker answered with another number of steps")
    snapshots: tuple[Snapshot, ...] = ()
    final: Snapshot | None = None
    if trajectory.keep_final or trajectory.keep_snapshots:
        snapshots, final = _snapshots(trajectory, pack, answer)
    execution: Execution = _new(Execution)
    _SET_OUTCOMES(execution, outcomes)
    _SET_DIGESTS(execution, answer.digests)
    _SET_USED(execution, answer.used)
    _SET_SNAPSHOTS(execution, snapshots)
    _SET_FINAL_DIGEST(execution, answer.digest)
    _SET_FINAL(execution, final)
    return execution


def _snapshots(
    trajectory: Trajectory, pack: Pack, answer: Answer
) -> tuple[tuple[Snapshot, ...], Snapshot | None]:
    """Give the snapshots between the calls, and the last, those that are to be kept."""
    start = trajectory.start
    if isinstance(start, str):
        start = Snapshot(world=start, state=pack.worlds[start])
    state, made, kept = start.state, start.calls_made, []
    if trajectory.keep_snapshots:
        for _, (counters, tables, gone) in zip(trajectory.calls, _there(answer.kept), strict=True):
            state, made = _after(state, tables, gone), made + 1
            kept.append(_snapshot_of(start.world, state, counters, made))
    if not trajectory.keep_final:
        return tuple(kept), None
    state = _after(state, _there(answer.tables), _there(answer.gone))
    made = start.calls_made + len(trajectory.calls)
    return tuple(kept), _snapshot_of(start.world, state, _there(answer.counters), made)


def _there(part: T | None) -> T:
    if part is None:
        raise ValueError("what was asked for is not there")
    return part


def _snapshot_of(world: str, state: JsonObject, counters: Mapping[str, int], made: int) -> Snapshot:
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
