"""The properties that every mock tool must have, judged on one executed call.  Plain functions, no chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.meter import MAX_STEPS
from sandbox.packs import Invariant, Pack
from sandbox.schema import Validator
from sandbox.types import Call, Fault, FaultKind, JsonObject, Returned, Snapshot, Step
from sandbox.world import values_at

__all__ = ["BrokenLaw", "broken_law", "field_values"]

FEW_STEPS = MAX_STEPS // 4
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLaw:
    """A property's code, the tool that breaks it, and how."""

    code: str
    tool: str
    message: str


def broken_law(
    pack: Pack, state_schema: Validator, call: Call, step: Step, before: Snapshot, after: Snapshot
) -> BrokenLaw | None:
    """Give the first property that a call with valid arguments broke, None if it kept all."""
    match step.outcome:
        case Fault(kind, code, message):
            if kind in (FaultKind.TOOL_ERROR, FaultKind.INVALID_ARGUMENTS):
                return None
            broken = CODE_OF_FAULT.get(code) or CODE_OF_KIND.get(kind, "P1")
            return BrokenLaw(code=broken, tool=call.name, message=message)
        case Returned():
            return _broken_by_success(pack, state_schema, call, step, before, after)


def _broken_by_success(
    pack: Pack, state_schema: Validator, call: Call, step: Step, before: Snapshot, after: Snapshot
) -> BrokenLaw | None:
    if step.steps_used > FEW_STEPS:
        message = f"one call took {step.steps_used} steps of {MAX_STEPS}"
        return BrokenLaw(code="P16", tool=call.name, message=message)
    for problem in state_schema.problems(after.state):
        message = f"the state does not fit its schema any more: {problem.path}: {problem.message}"
        return BrokenLaw(code="P4", tool=call.name, message=message)
    for invariant in pack.invariants:
        message = _broken_invariant(invariant, before.state, after.state)
        if message:
            return BrokenLaw(code="P11", tool=call.name, message=f"invariant {invariant.name}: {message}")
    return None


def _broken_invariant(invariant: Invariant, before: JsonObject, after: JsonObject) -> str:
    if invariant.kind == "conserved":
        old, new = _total(invariant, before), _total(invariant, after)
        return "" if math.isclose(old, new) else f"the sum was {old:g} and is {new:g}"
    for path in invariant.paths:
        for value in values_at(after, path):
            if isinstance(value, (int, float)) and value < 0:
                return f"{path} has a value of {value:g}"
    return ""


def _total(invariant: Invariant, state: JsonObject) -> float:
    values = (value for path in invariant.sum for value in values_at(state, path))
    return math.fsum(value for value in values if isinstance(value, (int, float)))


def field_values(value: object, name: str) -> list[object]:
    """List the scalars under a field of this name, anywhere inside a value, without repeats, in order."""
    found: dict[object, None] = {}
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, Mapping):
            inner = part.get(name)
            for scalar in inner if isinstance(inner, list) else [inner]:
                if isinstance(scalar, (str, int, float)):
                    found[scalar] = None
            stack.extend(reversed(list(part.values())))
        elif isinstance(part, (list, tuple)):
            stack.extend(reversed(part))
    return list(found)
