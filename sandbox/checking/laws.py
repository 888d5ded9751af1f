"""The properties that every mock tool must have, judged on executed calls.  Plain functions, no chance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from sandbox.checking.declared import broken_pair_laws
from sandbox.checking.executed import BrokenLaw, Executed
from sandbox.language.meter import MAX_STEPS
from sandbox.packs.invariants import Invariant
from sandbox.packs.reading import Pack
from sandbox.schema import Validator
from sandbox.state.world import values_at
from sandbox.types import Fault, FaultKind, JsonObject, Returned

__all__ = ["PROPERTIES", "broken_laws", "first_broken"]

FEW_STEPS = MAX_STEPS // 4
PROPERTIES: Mapping[str, str] = {
    "P1": "never crashes",
    "P2": "plain JSON",
    "P3": "declared results and errors",
    "P4": "state fits its schema",
    "P5": "arguments left alone",
    "P6": "declared effects only",
    "P7": "errors change nothing",
    "P8": "same result on a copy",
    "P9": "idempotence",
    "P10": "nothing shared with the state",
    "P11": "conservation",
    "P12": "no leak between dialogues",
    "P13": "order of keys does not matter",
    "P14": "once only",
    "P15": "wrong arguments refused",
    "P16": "few steps",
    "P17": "read after write",
    "P18": "replay gives the same state",
    "P19": "every outcome reached",
}
CODE_OF_FAULT = {
    "changed_arguments": "P5",
    "changed_before_error": "P7",
    "not_plain_json": "P2",
    "read_changed_state": "P6",
    "result_off_schema": "P3",
    "shares_state": "P10",
    "state_not_plain_json": "P2",
    "touched_undeclared_table": "P6",
    "undeclared_code": "P3",
}
CODE_OF_KIND = {FaultKind.BUDGET: "P16"}


def first_broken(
    pack: Pack, state_schema: Validator, steps: Sequence[Executed]
) -> tuple[int, list[BrokenLaw]]:
    """Give the index of the first call that breaks laws, and these laws; else the number of calls."""
    before: Executed | None = None
    for number, step in enumerate(steps):
        broken = list(broken_laws(pack, state_schema, before, step))
        if broken:
            return number, broken
        before = step
    return len(steps), []


def broken_laws(
    pack: Pack, state_schema: Validator, earlier: Executed | None, now: Executed
) -> Iterator[BrokenLaw]:
    """Yield the laws that a call with valid arguments broke; ``earlier`` is the call before it, if any."""
    tool = now.call.name
    match now.outcome:
        case Fault(kind, code, message):
            if kind not in (FaultKind.TOOL_ERROR, FaultKind.INVALID_ARGUMENTS, FaultKind.UNKNOWN_TOOL):
                broken = CODE_OF_FAULT.get(code) or CODE_OF_KIND.get(kind, "P1")
                yield BrokenLaw(code=broken, tool=tool, message=message)
        case Returned():
            if now.steps_used > FEW_STEPS:
                message = f"one call took {now.steps_used} steps of {MAX_STEPS}"
                yield BrokenLaw(code="P16", tool=tool, message=message)
            for problem in state_schema.problems(now.after.state)[:1]:
                message = f"the state does not fit its schema any more: {problem.path}: {problem.message}"
                yield BrokenLaw(code="P4", tool=tool, message=message)
            for invariant in pack.invariants:
                message = _broken_state_law(invariant, now.before.state, now.after.state)
                if message:
                    yield BrokenLaw(code="P11", tool=tool, message=message, invariant=invariant.name)
    if earlier is not None:
        yield from broken_pair_laws(pack, earlier, now)


def _broken_state_law(invariant: Invariant, before: JsonObject, after: JsonObject) -> str:
    match invariant.kind:
        case "conserved":
            old, new = _total(invariant, before), _total(invariant, after)
            return "" if math.isclose(old, new) else f"the sum was {old:g} and is {new:g}"
        case "non_negative":
            for path in invariant.paths:
                for value in values_at(after, path):
                    if isinstance(value, (int, float)) and value < 0:
                        return f"{path} has a value of {value:g}"
    return ""


def _total(invariant: Invariant, state: JsonObject) -> float:
    values = (value for path in invariant.sum for value in values_at(state, path))
    return math.fsum(value for value in values if isinstance(value, (int, float)))
