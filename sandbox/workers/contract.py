"""What a tool promises, and the judgement of one call by it: arguments, errors, result and changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.language.meter import DeclaredFailure, Meter
from sandbox.language.tables import Tables
from sandbox.schema import Validator
from sandbox.state.live_world import LiveWorld
from sandbox.state.plain import plain_json_problem
from sandbox.types import Fault, FaultKind

__all__ = ["Answer", "Tool", "argument_problem", "fault", "judge_failure", "judge_result"]

Answer = bytes | Fault
"""What a call returned, written as JSON, or why it failed."""

_Written = Mapping[str, bytes | None]  # tables by name, None for one that is gone
_NOTHING: _Written = {}
MAX_STATE_BYTES = 8_000_000
MAX_STATE_PARTS = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool's function and its compiled contract.

    A call sees the tables of ``reached``, and those of ``own`` it may write to.  ``looks_plain`` is sure of
    most plain results.
    """

    name: str
    function: Any
    arguments: Validator
    result: Validator
    looks_plain: Callable[[Any], bool]
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


def argument_problem(tool: Tool, arguments: Any) -> str:
    """Say what is wrong with a call's arguments, which do not fit."""
    problem = tool.arguments.problems(arguments)[0]
    return f"{problem.path}: {problem.message}"


def judge_failure(
    tool: Tool, world: LiveWorld, failure: DeclaredFailure, meter: Meter, *, strict: bool
) -> Fault:
    """Judge a call that ended with ``ctx.fail``."""
    if failure.code not in tool.errors:
        known = ", ".join(sorted(tool.errors)) or "none"
        message = f"{failure.code!r} is not declared ({failure.message}); declared are: {known}"
        return fault(FaultKind.UNDECLARED_ERROR, message, code="undeclared_code")
    if strict and meter.wrote and plain_json_problem(world.state) is None:
        changed = _changed(world, tool.watched_in(world))
        if changed:
            message = f"changed {', '.join(sorted(changed))} before it failed with {failure.code!r}"
            return fault(FaultKind.INVALID_RESULT, message, code="changed_before_error")
    return Fault(FaultKind.TOOL_ERROR, failure.code, failure.message)


def judge_result(tool: Tool, world: LiveWorld, result: Any, meter: Meter, *, strict: bool) -> Answer:
    """Judge a call that returned; if all is well its changes are the world's from now on."""
    problem = None if tool.looks_plain(result) else plain_json_problem(result)
    if problem is not None:
        return fault(
            FaultKind.INVALID_RESULT, f"the result is not plain JSON: {problem}", code="not_plain_json"
        )
    if not tool.result.fits(result):
        wrong = tool.result.problems(result)[0]
        where = f"{wrong.path}: {wrong.message}"
        return fault(
            FaultKind.INVALID_RESULT, f"the result does not fit its schema: {where}", code="result_off_schema"
        )
    if strict and _shares(result, world.state):
        return fault(
            FaultKind.INVALID_RESULT, "the result shares parts with the state; copy them", code="shares_state"
        )
    # Written at once: a result that shares parts with the state must not change with it.
    written = orjson.dumps(result)
    return (_commit(tool, world, meter) if meter.wrote else None) or written


def _commit(tool: Tool, world: LiveWorld, meter: Meter) -> Fault | None:
    """Make the call's changes the world's, unless they break the tool's contract."""
    watched = tool.watched_in(world)
    problem = _state_problem(world, watched) if meter.attached else None
    moved, changed = _NOTHING, _NOTHING
    try:
        if problem is None:
            moved = _moved(world, watched)
            changed = _changed(world, moved) if meter.attached or meter.reordered else moved
    except TypeError as error:
        problem = _state_problem(world, watched) or str(error)
    if problem is not None:
        return fault(
            FaultKind.INVALID_RESULT,
            f"the state is not plain JSON any more: {problem}",
            code="state_not_plain_json",
        )
    if changed:
        refused = _refused(tool, world, changed)
        if refused is not None:
            return refused
        world.commit(changed)
    if meter.attached:
        world.forget(watched)  # a part may now stand in two places; parsed anew it does not
        return None
    if meter.reordered:
        world.forget(moved)  # keys may be out of order
    world.give_back(tool.own.difference(moved))
    return None


def _state_problem(world: LiveWorld, watched: Iterable[str]) -> str | None:
    state = world.state
    seen = {name: state[name] for name in watched if name in state}
    return plain_json_problem(seen, max_nodes=MAX_STATE_PARTS)


def _refused(tool: Tool, world: LiveWorld, changed: _Written) -> Fault | None:
    tables = world.tables
    size = sum(map(len, tables.values()))
    for name, table in changed.items():
        size += len(table or b"") - len(tables.get(name, b""))
    if size > MAX_STATE_BYTES:
        return fault(FaultKind.BUDGET, f"the state grew beyond {MAX_STATE_BYTES} bytes")
    if size > MAX_STATE_PARTS and _parts({**tables, **changed}.values()) > MAX_STATE_PARTS:
        return fault(FaultKind.BUDGET, f"the state grew beyond {MAX_STATE_PARTS} values")
    if tool.reads_only:
        message = f"a read tool changed {', '.join(sorted(changed))}"
        return fault(FaultKind.INVALID_RESULT, message, code="read_changed_state")
    if not changed.keys() <= tool.touches:
        outside = ", ".join(sorted(changed.keys() - tool.touches))
        message = f"changed {outside}, which it does not declare under touches"
        return fault(FaultKind.INVALID_RESULT, message, code="touched_undeclared_table")
    return None


def _parts(tables: Iterable[bytes | None]) -> int:
    """Bound the number of values: the parent, which reads them all, refuses more (see ``frames``)."""
    return sum(table.count(sign) for table in tables if table is not None for sign in (b",", b"[", b"{"))


def _moved(world: LiveWorld, names: Iterable[str]) -> _Written:
    """Give the tables that do not read as before the call, as they are; None for one that is gone.

    They are written as the world keeps them unless a key was added, or something that has keys of its own.
    Raises ``TypeError`` if one is not JSON.
    """
    state, before = world.state, world.tables
    moved: dict[str, bytes | None] = {}
    for name in names:
        table = orjson.dumps(state[name]) if name in state else None
        if table != before.get(name):
            moved[name] = table
    return moved


def _changed(world: LiveWorld, moved: Iterable[str]) -> _Written:
    """Give those that are not equal to what they were before the call, written as the world keeps them."""
    state, before = world.state, world.tables
    changed: dict[str, bytes | None] = {}
    for name in moved:
        table = orjson.dumps(state[name], None, orjson.OPT_SORT_KEYS) if name in state else None
        if table != before.get(name):
            changed[name] = table
    return changed


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
