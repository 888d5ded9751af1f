"""Laws that a pack declares between a call and the next one: idempotence, once only, read after write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from sandbox.checking.executed import BrokenLaw, Executed
from sandbox.packs.invariants import Invariant
from sandbox.packs.reading import Pack
from sandbox.state.world import values_at
from sandbox.types import Call, Fault, FaultKind, JsonValue, Returned

__all__ = ["broken_pair_laws", "follow_ups"]


def follow_ups(pack: Pack, done: Executed) -> Iterator[Call]:
    """Yield the calls that would put the pack's laws about this call to the test."""
    if isinstance(done.outcome, Returned):
        for invariant in pack.invariants:
            if done.call.name in invariant.tools:
                call = _next_call(invariant, done)
                if call is not None:
                    yield call


def broken_pair_laws(pack: Pack, earlier: Executed, now: Executed) -> Iterator[BrokenLaw]:
    """Yield the laws of the pack that two calls in a row break."""
    if not isinstance(earlier.outcome, Returned):
        return
    for invariant in pack.invariants:
        if earlier.call.name in invariant.tools and _next_call(invariant, earlier) == now.call:
            code, message = _judge(invariant, earlier, now)
            if message:
                yield BrokenLaw(code=code, tool=earlier.call.name, message=message, invariant=invariant.name)


def _next_call(invariant: Invariant, done: Executed) -> Call | None:
    if invariant.kind != "read_after_write":
        return done.call
    assert invariant.read is not None
    arguments: dict[str, JsonValue] = {}
    for name, path in invariant.arguments.items():
        values = list(islice(_written(path, done), 1))
        if not values:
            return None  # an argument that was left out: the law does not speak of this call
        arguments[name] = values[0]
    return Call(name=invariant.read, arguments=arguments)


def _written(path: str, done: Executed) -> Iterator[JsonValue]:
    result = done.outcome.value if isinstance(done.outcome, Returned) else None
    return values_at({"arguments": done.call.arguments, "result": result}, path)


def _judge(invariant: Invariant, earlier: Executed, now: Executed) -> tuple[str, str]:
    """Give a property's code and how it is broken; an empty text if it is not."""
    match invariant.kind, now.outcome:
        case "once", Returned():
            return "P14", "the same call succeeded a second time"
        case "idempotent", Fault(FaultKind.TOOL_ERROR, code):
            return "P9", f"the same call again failed with {code!r}"
        case "idempotent", Returned() if now.digest_before != now.digest_after:
            return "P9", "the same call again changed the state a second time"
        case "read_after_write", Fault(FaultKind.TOOL_ERROR | FaultKind.INVALID_ARGUMENTS, code, message):
            return "P17", f"{invariant.read} failed with {code!r} straight after: {message}"
        case "read_after_write", Returned(value):
            return "P17", _not_shown(invariant.shows, earlier, value)
    return "", ""


def _not_shown(shows: Mapping[str, str], earlier: Executed, value: JsonValue) -> str:
    for read_path, written_path in shows.items():
        read = list(values_at(value, read_path))
        for written in _written(written_path, earlier):
            if written not in read:
                seen = repr(read[0]) if len(read) == 1 else f"{len(read)} values without it"
                return f"wrote {written_path} = {written!r}, and then read {seen} at {read_path}"
    return ""
