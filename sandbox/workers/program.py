"""A tool pack compiled inside a worker, and what is asked of every call before a lane executes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.language.builtin_guards import builtin_guards
from sandbox.language.ctx import CONTEXT_ATTRIBUTES, RANDOM_ATTRIBUTES, SeededRandom, ToolContext
from sandbox.language.guards import Operators
from sandbox.language.meter import ForbiddenUse, Meter
from sandbox.language.methods import Guard, method_guards
from sandbox.language.plain_code import load_plain
from sandbox.language.tables import Tables
from sandbox.schema import compile_linted
from sandbox.state.glance import glance_by
from sandbox.state.live_world import LiveWorld, Origin
from sandbox.types import Fault, FaultKind
from sandbox.workers.compiled import CompiledSource
from sandbox.workers.contract import Answer, Tool, argument_problem, fault
from sandbox.workers.faults import TRUNCATED, truncated
from sandbox.workers.lanes import ConfinedLane, Lane, TrustedLane

__all__ = ["Program", "load_functions", "load_program"]


@dataclass(frozen=True, slots=True)
class _Part:
    """The functions of one source, and the tables that each reaches; packs that are joined have several."""

    functions: Mapping[str, Any]
    reached: Mapping[str, Tables]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A compiled pack.  ``violation`` says why its code may not run; then every call is forbidden.

    ``contracts`` are its tools as they were sent, each of one of the ``parts``; one is compiled, into
    ``tools``, when it is first called: a worker needs a few of them, and 64 workers need their memory.
    """

    lane: Lane
    contracts: Mapping[str, Mapping[str, Any]]
    parts: Sequence[_Part]
    tools: dict[str, Tool] = field(default_factory=dict)
    worlds: Mapping[str, Origin]
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
    ) -> tuple[Answer, int | None]:
        """Execute one call on the world; give its answer and the steps that it took, if they are counted.

        After a fault the world is as before, but for the number of calls.  ``strict`` also reports what the
        runtime otherwise makes good: changes before a declared error, changed arguments, a shared result.
        ``unfit`` says why the arguments could not even be sent.
        """
        number = world.calls_made
        world.calls_made = number + 1
        tool = self.tools.get(name) or self._compiled(name)
        if tool is None:
            known = ", ".join(sorted(self.contracts))
            return fault(FaultKind.UNKNOWN_TOOL, f"no tool {name[:80]!r}; the tools are {known}"), 0
        if unfit is not None or not tool.arguments.fits(arguments):
            return fault(FaultKind.INVALID_ARGUMENTS, unfit or argument_problem(tool, arguments)), 0
        if planned is not None and planned.code != TRUNCATED:
            return planned, 0
        if self.violation is not None:
            return fault(FaultKind.FORBIDDEN, self.violation), 0
        answer, used = self.lane.execute(tool, world, arguments, number, strict=strict)
        if planned is not None and type(answer) is not Fault:
            answer = truncated(planned, orjson.dumps(answer))
        return answer, used

    def _compiled(self, name: str) -> Tool | None:
        contract = self.contracts.get(name)
        if contract is None:
            return None
        tool = self.tools[name] = _tool(contract, self.parts[contract["part"]])
        return tool


def load_program(
    pack: Mapping[str, Any], sources: Sequence[CompiledSource], *, trusted: bool = False
) -> Program:
    """Make what the parent sent of a pack ready to run.  Without code it is a program that forbids.

    The pack's schemas have passed the lint, in the worker that compiled its code.
    """
    meter = Meter()
    lane = TrustedLane if trusted else ConfinedLane
    load = load_plain if trusted else load_functions
    return Program(
        lane=lane(context=ToolContext(clock=pack["clock"], meter=meter), meter=meter),
        contracts={tool["name"]: tool for tool in pack["tools"]},
        parts=tuple(
            _Part({} if source.code is None else load(source.code, meter), source.reached)
            for source in sources
        ),
        worlds={name: Origin.of(name, state) for name, state in pack["worlds"].items()},
        violation=next(filter(None, (source.violation for source in sources)), None),
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


def _tool(tool: Mapping[str, Any], part: _Part) -> Tool:
    name = tool["name"]
    tables = part.reached.get(name)
    reads_only = tool["effect"] == "read"
    touches = frozenset(tool["touches"])
    return Tool(
        name=name,
        function=part.functions.get(name) or _missing(name),
        arguments=compile_linted(tool["parameters"], where=f"{name}.parameters"),
        result=compile_linted(tool["returns"], where=f"{name}.returns"),
        looks_plain=glance_by(tool["returns"]),
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
