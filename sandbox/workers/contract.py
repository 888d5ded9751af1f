"""What a tool promises, and the judgement of one call by it: arguments, errors, result and changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.errors import SandboxError
from sandbox.language.meter import DeclaredFailure, Meter
from sandbox.language.tables import Tables
from sandbox.schema import Validator
from sandbox.state.live_world import LiveWorld
from sandbox.state.plain import plain_json_problem
from sandbox.state.world import canonical
from sandbox.types import Fault, FaultKind, Outcome, Returned

__all__ = ["Tool", "argument_problem", "fault", "judge_failure", "judge_result", "take_result"]

MAX_STATE_BYTES = 8_000_000
MAX_STATE_PARTS = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool's function and its compiled contract.

    A call sees the tables of ``reached``, and those of ``own`` it may write to.
    """

    name: str
    function: Any
    arguments: Validator
    result: Validator
    reads_only: bool
    touches: frozenset[str]
    errors: frozenset[str]
    reached: Tables
    own: frozenset[str]

    def watched_in(self, world: LiveWorld) -> Iterable[str]:
        """Name the tables that a call may have changed."""
        return {*world.state, *world.tables} if self.reached is None else self.reached


def fault(kind: FaultKind, message: str, *, code: str | None = None) -> Fault:
    """Build a fault; without a ``code`` of its own it has its kind's name."""
    return Fault(kind, code or kind.value, message)


def argument_problem(tool: Tool, arguments: Any) -> str | None:
    """Say what is wrong with a call's arguments, None if they fit."""
    if tool.arguments.fits(arguments):
        return None
    problem = next(tool.arguments.problems(arguments), None)
    return f"{problem.path}: {problem.message}" if problem else "$: the arguments do not fit"


def judge_failure(
    tool: Tool, world: LiveWorld, failure: DeclaredFailure, meter: Meter, *, strict: bool
) -> Fault:
    """Judge a call that ended with ``ctx.fail``."""
    if failure.code not in tool.errors:
        known = ", ".join(sorted(tool.errors)) or "none"
        message = f"{failure.code!r} is not declared ({failure.message}); declared are: {known}"
        return fault(FaultKind.UNDECLARED_ERROR, message, code="undeclared_code")
    if strict and meter.wrote and plain_json_problem(world.state) is None:
        watched = tool.watched_in(world)
        changed = _changed(_written(world, watched), world, watched)
        if changed:
            message = f"changed {', '.join(changed)} before it failed with {failure.code!r}"
            return fault(FaultKind.INVALID_RESULT, message, code="changed_before_error")
    return Fault(FaultKind.TOOL_ERROR, failure.code, failure.message)


def judge_result(tool: Tool, world: LiveWorld, result: Any, meter: Meter, *, strict: bool) -> Outcome:
    """Judge a call that returned; if all is well its changes are the world's from now on."""
    problem = plain_json_problem(result)
    if problem is not None:
        return fault(
            FaultKind.INVALID_RESULT, f"the result is not plain JSON: {problem}", code="not_plain_json"
        )
    if not tool.result.fits(result):
        wrong = next(tool.result.problems(result), None)
        where = f"{wrong.path}: {wrong.message}" if wrong else "$"
        return fault(
            FaultKind.INVALID_RESULT, f"the result does not fit its schema: {where}", code="result_off_schema"
        )
    if strict and _shares(result, world.state):
        return fault(
            FaultKind.INVALID_RESULT, "the result shares parts with the state; copy them", code="shares_state"
        )
    # Written at once: a result that shares parts with the state must not change with it.
    written: Any = orjson.Fragment(orjson.dumps(result))
    return (_commit(tool, world, meter) if meter.wrote else None) or Returned(written)


def take_result(tool: Tool, world: LiveWorld, result: Any, meter: Meter) -> Returned:
    """Take what a tool of the trusted lane returned, and what it wrote to the tables that it may write to."""
    returned: Any = orjson.Fragment(orjson.dumps(result))
    if tool.own:
        world.settle(tool.own, attached=meter.attached)
    return Returned(returned)


def _commit(tool: Tool, world: LiveWorld, meter: Meter) -> Fault | None:
    """Make the call's changes the world's, unless they break the tool's contract."""
    watched = tool.watched_in(world)
    problem = None
    if meter.attached:
        state = world.state
        seen = {name: state[name] for name in watched if name in state}
        problem = plain_json_problem(seen, max_nodes=MAX_STATE_PARTS)
    try:
        written = _written(world, watched) if problem is None else {}
    except (SandboxError, TypeError) as error:
        problem = str(error)
    if problem is not None:
        return fault(
            FaultKind.INVALID_RESULT,
            f"the state is not plain JSON any more: {problem}",
            code="state_not_plain_json",
        )
    changed = _changed(written, world, watched)
    refused = _refused(tool, world, written, changed) if changed else None
    if refused is not None:
        return refused
    if changed:
        world.commit(written, changed)
    if meter.attached:
        # Parts may now stand in two places, and keys out of order; parsed anew they do not.
        world.forget(watched)
    return None


def _refused(tool: Tool, world: LiveWorld, written: Mapping[str, bytes], changed: list[str]) -> Fault | None:
    size = sum(map(len, world.tables.values()))
    size += sum(len(written.get(name, b"")) - len(world.tables.get(name, b"")) for name in changed)
    if size > MAX_STATE_BYTES:
        return fault(FaultKind.BUDGET, f"the state grew beyond {MAX_STATE_BYTES} bytes")
    if size > MAX_STATE_PARTS and _parts({**world.tables, **written}) > MAX_STATE_PARTS:
        return fault(FaultKind.BUDGET, f"the state grew beyond {MAX_STATE_PARTS} values")
    if tool.reads_only:
        return fault(
            FaultKind.INVALID_RESULT, f"a read tool changed {', '.join(changed)}", code="read_changed_state"
        )
    outside = [table for table in changed if table not in tool.touches]
    if outside:
        return fault(
            FaultKind.INVALID_RESULT,
            f"changed {', '.join(outside)}, which it does not declare under touches",
            code="touched_undeclared_table",
        )
    return None


def _parts(tables: Mapping[str, bytes]) -> int:
    """Bound the number of values: the parent, which reads them all, refuses more (see ``frames``)."""
    return sum(table.count(sign) for table in tables.values() for sign in (b",", b"[", b"{"))


def _written(world: LiveWorld, names: Iterable[str]) -> dict[str, bytes]:
    return {name: canonical(world.state[name]) for name in names if name in world.state}


def _changed(after: Mapping[str, bytes], world: LiveWorld, names: Iterable[str]) -> list[str]:
    before = world.tables
    return sorted(name for name in names if after.get(name) != before.get(name))


def _shares(result: Any, state: Any) -> bool:
    owned: set[int] = set()
    stack = [state]
    while stack:
        part = stack.pop()
        if isinstance(part, (dict, list)):
            if id(part) in owned:
                continue
            owned.add(id(part))
            stack.extend(part.values() if isinstance(part, dict) else part)
    stack = [result]
    while stack:
        part = stack.pop()
        if isinstance(part, (dict, list)):
            if id(part) in owned:
                return True
            stack.extend(part.values() if isinstance(part, dict) else part)
    return False
