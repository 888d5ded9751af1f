"""A tool pack compiled inside a worker, and the execution of one call."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.language.builtin_guards import builtin_guards
from sandbox.language.ctx import CONTEXT_ATTRIBUTES, RANDOM_ATTRIBUTES, SeededRandom, ToolContext
from sandbox.language.guards import Operators
from sandbox.language.meter import DeclaredFailure, ForbiddenUse, Meter, StepBudgetExceeded
from sandbox.language.methods import Guard, method_guards
from sandbox.language.plain_code import load_plain
from sandbox.language.showing import exception_text
from sandbox.language.tables import Tables
from sandbox.schema import compile_schema
from sandbox.state.live_world import LiveWorld, Origin
from sandbox.state.world import canonical
from sandbox.types import Fault, FaultKind, Outcome, Returned
from sandbox.workers.compiled import CompiledSource
from sandbox.workers.contract import Tool, argument_problem, fault, judge_failure, judge_result, take_result
from sandbox.workers.faults import TRUNCATED, truncated

__all__ = ["Program", "load_functions", "load_program"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A compiled pack.  ``violation`` says why its code may not run; then every call is forbidden.

    ``trusted`` code runs as it was written: unmetered, and taken at its word on what it returns and changes.
    """

    context: ToolContext
    tools: Mapping[str, Tool]
    worlds: Mapping[str, Origin]
    meter: Meter
    trusted: bool = False
    violation: str | None = None

    def world(self, name: str) -> Origin:
        """Give a world; one that the pack does not have (a snapshot may name any) is empty."""
        return self.worlds.get(name) or Origin.of(name, {})

    def call(
        self,
        world: LiveWorld,
        name: str,
        arguments: Any,
        planned: Fault | None,
        *,
        unfit: str | None = None,
        strict: bool = False,
    ) -> tuple[Outcome, int | None]:
        """Execute one call on the world; give its outcome and the steps that it took, if they are counted.

        After a fault the world is as before, but for the number of calls.  ``strict`` also reports what the
        runtime otherwise makes good: changes before a declared error, changed arguments, a shared result.
        ``unfit`` says why the arguments could not even be sent.
        """
        number = world.calls_made
        world.calls_made += 1
        tool = self.tools.get(name)
        if tool is None:
            known = ", ".join(sorted(self.tools))
            return fault(FaultKind.UNKNOWN_TOOL, f"no tool {name[:80]!r}; the tools are {known}"), 0
        problem = unfit or argument_problem(tool, arguments)
        if problem is not None:
            return fault(FaultKind.INVALID_ARGUMENTS, problem), 0
        if planned is not None and planned.code != TRUNCATED:
            return planned, 0
        if self.violation is not None:
            return fault(FaultKind.FORBIDDEN, self.violation), 0
        self.meter.reset()
        counters = world.counters.copy()
        outcome = self._run(tool, world, arguments, number, strict=strict)
        if type(outcome) is Fault:
            world.counters = counters
            if self.trusted:
                world.forget(tool.own)
            elif self.meter.wrote:
                world.forget(tool.watched_in(world))
        elif planned is not None and type(outcome) is Returned:
            outcome = truncated(planned, orjson.dumps(outcome.value))
        return outcome, None if self.trusted else self.meter.used

    def _run(
        self, tool: Tool, world: LiveWorld, arguments: dict[str, Any], number: int, *, strict: bool
    ) -> Outcome:
        self.context.renew((world.origin.name, number, tool.name), world.counters)
        before = canonical(arguments) if strict else b""
        try:
            state = world.open_tables(tool.reached, tool.own, lend=self.trusted)
            result = tool.function(state, self.context, **arguments)
            if self.trusted:
                return take_result(tool, world, result, self.meter)
            if strict and before != canonical(arguments):
                return fault(
                    FaultKind.INVALID_RESULT, "the tool changed its arguments", code="changed_arguments"
                )
            return judge_result(tool, world, result, self.meter, strict=strict)
        except DeclaredFailure as failure:
            return judge_failure(tool, world, failure, self.meter, strict=strict)
        except StepBudgetExceeded as error:
            return fault(FaultKind.BUDGET, f"the call was stopped: {error}")
        except ForbiddenUse as error:
            return fault(FaultKind.FORBIDDEN, str(error))
        except MemoryError:
            gc.collect()
            return fault(FaultKind.MEMORY, "the call asked for more memory than a worker has")
        except Exception as error:  # noqa: BLE001  # tool code may raise anything
            return fault(FaultKind.UNDECLARED_ERROR, f"{type(error).__name__}: {exception_text(error)}")


def load_program(pack: Mapping[str, Any], source: CompiledSource, *, trusted: bool = False) -> Program:
    """Make what the parent sent of a pack ready to run.  Without code it is a program that forbids."""
    meter = Meter()
    functions: dict[str, Any] = {}
    if source.code is not None:
        functions = load_plain(source.code, meter) if trusted else load_functions(source.code, meter)
    return Program(
        context=ToolContext(clock=pack["clock"], meter=meter),
        tools={tool["name"]: _tool(tool, functions, source.reached) for tool in pack["tools"]},
        worlds={name: Origin.of(name, state) for name, state in pack["worlds"].items()},
        meter=meter,
        trusted=trusted,
        violation=source.violation,
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


def _tool(tool: Mapping[str, Any], functions: Mapping[str, Any], reached: Mapping[str, Tables]) -> Tool:
    name = tool["name"]
    tables = reached.get(name)
    reads_only = tool["effect"] == "read"
    touches = frozenset(tool["touches"])
    return Tool(
        name=name,
        function=functions.get(name) or _missing(name),
        arguments=compile_schema(tool["parameters"], where=f"{name}.parameters"),
        result=compile_schema(tool["returns"], where=f"{name}.returns"),
        reads_only=reads_only,
        touches=touches,
        errors=frozenset(tool["errors"]),
        reached=tables,
        own=frozenset() if reads_only else touches if tables is None else touches & tables,
    )


def _missing(name: str) -> Any:
    def call(*_: Any, **__: Any) -> Any:
        raise ForbiddenUse(f"tools.py has no function {name}")

    return call
