"""A tool pack compiled inside a worker, and the execution of one call."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.builtin_guards import builtin_guards
from sandbox.ctx import CONTEXT_ATTRIBUTES, RANDOM_ATTRIBUTES, SeededRandom, ToolContext
from sandbox.errors import PolicyViolation, SandboxError
from sandbox.guards import Operators, exception_text
from sandbox.meter import DeclaredFailure, ForbiddenUse, Meter, StepBudgetExceeded
from sandbox.methods import Guard, method_guards
from sandbox.plain import plain_json_problem
from sandbox.rewriting import compile_tools
from sandbox.schema import Validator, compile_schema
from sandbox.types import Fault, FaultKind, Outcome, Returned
from sandbox.world import canonical, digest_of_tables, encode_tables

__all__ = ["LiveWorld", "Program", "compile_program", "load_functions"]

MAX_STATE_BYTES = 8_000_000


@dataclass(slots=True, kw_only=True)
class LiveWorld:
    """A world that calls are made on.  ``tables`` holds the state as written before the present call."""

    name: str
    state: dict[str, Any]
    counters: dict[str, int]
    calls_made: int
    tables: dict[str, bytes]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool's function and its compiled contract."""

    name: str
    function: Any
    arguments: Validator
    result: Validator
    reads_only: bool
    touches: frozenset[str]
    errors: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A compiled pack.  ``violation`` says why its code may not run; then every call is forbidden."""

    clock: str
    tools: Mapping[str, Tool]
    worlds: Mapping[str, dict[str, bytes]]
    digests: Mapping[str, str]
    meter: Meter
    signatures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    violation: str | None = None

    def open_world(self, name: str) -> LiveWorld:
        """Give a fresh copy of one of the pack's worlds."""
        tables = self.worlds[name]
        state = {table: orjson.loads(encoded) for table, encoded in tables.items()}
        return LiveWorld(
            name=name, state=state, counters={}, calls_made=0, tables=dict(tables), digest=self.digests[name]
        )

    def resume_world(
        self, name: str, state: dict[str, Any], counters: dict[str, int], calls_made: int
    ) -> LiveWorld:
        """Give the world of a snapshot."""
        tables = encode_tables(state)
        return LiveWorld(
            name=name,
            state={table: orjson.loads(encoded) for table, encoded in tables.items()},
            counters=dict(counters),
            calls_made=calls_made,
            tables=tables,
            digest=digest_of_tables(tables),
        )

    def call(
        self,
        world: LiveWorld,
        name: str,
        arguments: Any,
        planned: Fault | None,
        *,
        unfit: str | None = None,
        strict: bool = False,
    ) -> tuple[Outcome, int]:
        """Execute one call on the world; give its outcome and the steps that it took.

        After a fault the world is as before, but for the number of calls.  ``strict`` also reports what the
        runtime otherwise makes good: changes before a declared error, changed arguments, a shared result.
        ``unfit`` says why the arguments could not even be sent.
        """
        number = world.calls_made
        world.calls_made += 1
        tool = self.tools.get(name)
        if tool is None:
            known = ", ".join(sorted(self.tools))
            return _fault(FaultKind.UNKNOWN_TOOL, f"no tool {name[:80]!r}; the tools are {known}"), 0
        problem = unfit or _argument_problem(tool, arguments)
        if problem is not None:
            return _fault(FaultKind.INVALID_ARGUMENTS, problem), 0
        if planned is not None:
            return planned, 0
        if self.violation is not None:
            return _fault(FaultKind.FORBIDDEN, self.violation), 0
        self.meter.reset()
        counters = dict(world.counters)
        outcome = self._run(tool, world, arguments, number, strict=strict)
        if isinstance(outcome, Fault):
            world.counters = counters
            if self.meter.wrote:
                world.state = {table: orjson.loads(encoded) for table, encoded in world.tables.items()}
        return outcome, self.meter.used

    def _run(
        self, tool: Tool, world: LiveWorld, arguments: dict[str, Any], number: int, *, strict: bool
    ) -> Outcome:
        context = ToolContext(
            clock=self.clock,
            seed=f"{world.name}\n{number}\n{tool.name}",
            counters=world.counters,
            meter=self.meter,
        )
        before = canonical(arguments) if strict else b""
        try:
            result = tool.function(world.state, context, **arguments)
            if strict and before != canonical(arguments):
                return _fault(
                    FaultKind.INVALID_RESULT, "the tool changed its arguments", code="changed_arguments"
                )
            return _checked(tool, world, result, self.meter, strict=strict)
        except DeclaredFailure as failure:
            return _declared(tool, world, failure, self.meter, strict=strict)
        except StepBudgetExceeded as error:
            return _fault(FaultKind.BUDGET, f"the call was stopped: {error}")
        except ForbiddenUse as error:
            return _fault(FaultKind.FORBIDDEN, str(error))
        except MemoryError:
            gc.collect()
            return _fault(FaultKind.MEMORY, "the call asked for more memory than a worker has")
        except Exception as error:  # noqa: BLE001  # tool code may raise anything
            return _fault(FaultKind.UNDECLARED_ERROR, f"{type(error).__name__}: {exception_text(error)}")


def compile_program(pack: Mapping[str, Any]) -> Program:
    """Compile what the parent sent of a pack.  Code that the policy refuses gives a program that forbids."""
    meter = Meter()
    functions: dict[str, Any] = {}
    signatures: dict[str, tuple[str, ...]] = {}
    violation = None
    try:
        code, signatures = compile_tools(pack["source"])
        functions = load_functions(code, meter)
    except PolicyViolation as error:
        violation = str(error)
    worlds = {name: encode_tables(state) for name, state in pack["worlds"].items()}
    return Program(
        clock=pack["clock"],
        tools={tool["name"]: _tool(tool, functions) for tool in pack["tools"]},
        worlds=worlds,
        digests={name: digest_of_tables(tables) for name, tables in worlds.items()},
        meter=meter,
        signatures=signatures,
        violation=violation,
    )


def load_functions(code: Any, meter: Meter) -> dict[str, Any]:
    """Execute compiled tool code's definitions; give its functions, all guarded by one meter."""
    methods: dict[tuple[type, str], Guard] = {}
    operators = Operators(meter, methods)
    methods.update(method_guards(operators))
    methods.update({(ToolContext, name): None for name in CONTEXT_ATTRIBUTES})
    methods.update({(SeededRandom, name): None for name in RANDOM_ATTRIBUTES})
    names = {"__builtins__": {}, "__name__": "tools", **builtin_guards(operators), **operators.names()}
    known = set(names)
    exec(code, names)  # noqa: S102  # the policy has rewritten it, and this is a confined worker
    return {name: value for name, value in names.items() if name not in known}


def _tool(tool: Mapping[str, Any], functions: Mapping[str, Any]) -> Tool:
    name = tool["name"]
    return Tool(
        name=name,
        function=functions.get(name) or _missing(name),
        arguments=compile_schema(tool["parameters"], where=f"{name}.parameters"),
        result=compile_schema(tool["returns"], where=f"{name}.returns"),
        reads_only=tool["effect"] == "read",
        touches=frozenset(tool["touches"]),
        errors=frozenset(tool["errors"]),
    )


def _missing(name: str) -> Any:
    def call(*_: Any, **__: Any) -> Any:
        raise ForbiddenUse(f"tools.py has no function {name}")

    return call


def _fault(kind: FaultKind, message: str, *, code: str | None = None) -> Fault:
    return Fault(kind, code or kind.value, message)


def _argument_problem(tool: Tool, arguments: Any) -> str | None:
    if tool.arguments.fits(arguments):
        return None
    problem = next(tool.arguments.problems(arguments), None)
    return f"{problem.path}: {problem.message}" if problem else "$: the arguments do not fit"


def _declared(tool: Tool, world: LiveWorld, failure: DeclaredFailure, meter: Meter, *, strict: bool) -> Fault:
    if failure.code not in tool.errors:
        known = ", ".join(sorted(tool.errors)) or "none"
        message = f"{failure.code!r} is not declared ({failure.message}); declared are: {known}"
        return _fault(FaultKind.UNDECLARED_ERROR, message, code="undeclared_code")
    if strict and meter.wrote and plain_json_problem(world.state) is None:
        changed = _changed_tables(encode_tables(world.state), world.tables)
        if changed:
            message = f"changed {', '.join(changed)} before it failed with {failure.code!r}"
            return _fault(FaultKind.INVALID_RESULT, message, code="changed_before_error")
    return Fault(FaultKind.TOOL_ERROR, failure.code, failure.message)


def _checked(tool: Tool, world: LiveWorld, result: Any, meter: Meter, *, strict: bool) -> Outcome:
    problem = plain_json_problem(result)
    if problem is not None:
        return _fault(
            FaultKind.INVALID_RESULT, f"the result is not plain JSON: {problem}", code="not_plain_json"
        )
    if not tool.result.fits(result):
        wrong = next(tool.result.problems(result), None)
        where = f"{wrong.path}: {wrong.message}" if wrong else "$"
        return _fault(
            FaultKind.INVALID_RESULT, f"the result does not fit its schema: {where}", code="result_off_schema"
        )
    if strict and _shares(result, world.state):
        return _fault(
            FaultKind.INVALID_RESULT, "the result shares parts with the state; copy them", code="shares_state"
        )
    # Written at once: a result that shares parts with the state must not change with it.
    written: Any = orjson.Fragment(orjson.dumps(result))
    return (_commit(tool, world, meter) if meter.wrote else None) or Returned(written)


def _commit(tool: Tool, world: LiveWorld, meter: Meter) -> Fault | None:
    """Make the call's changes the world's, unless they break the tool's contract."""
    problem = plain_json_problem(world.state, max_nodes=500_000) if meter.attached else None
    if problem is None:
        try:
            tables = encode_tables(world.state)
        except (SandboxError, TypeError) as error:
            problem = str(error)
    if problem is not None:
        return _fault(
            FaultKind.INVALID_RESULT,
            f"the state is not plain JSON any more: {problem}",
            code="state_not_plain_json",
        )
    if sum(map(len, tables.values())) > MAX_STATE_BYTES:
        return _fault(FaultKind.BUDGET, f"the state grew beyond {MAX_STATE_BYTES} bytes")
    changed = _changed_tables(tables, world.tables)
    if changed and tool.reads_only:
        return _fault(
            FaultKind.INVALID_RESULT, f"a read tool changed {', '.join(changed)}", code="read_changed_state"
        )
    outside = [table for table in changed if table not in tool.touches]
    if outside:
        return _fault(
            FaultKind.INVALID_RESULT,
            f"changed {', '.join(outside)}, which it does not declare under touches",
            code="touched_undeclared_table",
        )
    if changed:
        world.tables = tables
        world.digest = digest_of_tables(tables)
        for table in changed:
            if table in tables:
                world.state[table] = orjson.loads(tables[table])
    return None


def _changed_tables(after: Mapping[str, bytes], before: Mapping[str, bytes]) -> list[str]:
    return sorted(name for name in {*after, *before} if after.get(name) != before.get(name))


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
