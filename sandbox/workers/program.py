"""A tool pack compiled inside a worker, and what is asked of every call before a lane executes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from sandbox.language.ctx import ToolContext
from sandbox.language.meter import ForbiddenUse
from sandbox.language.plain_code import load_plain
from sandbox.language.surroundings import Surroundings
from sandbox.language.tables import Tables
from sandbox.schema import compile_linted
from sandbox.state.glance import glance_by
from sandbox.state.live_world import LiveWorld, Origin
from sandbox.types import Fault, FaultKind
from sandbox.workers.compiled import CompiledSource
from sandbox.workers.contract import Answer, Tool, argument_problem, fault
from sandbox.workers.faults import TRUNCATED, truncated
from sandbox.workers.lanes import ConfinedLane, Lane, TrustedLane

__all__ = ["Program", "load_program"]


@dataclass(frozen=True, slots=True)
class _Part:
    """The functions of one source, and the tables that each reaches; packs that are joined have several."""

    functions: Mapping[str, Any]
    reached: Mapping[str, Tables]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A compiled pack.  ``violation`` says why its code may not run; then every call is forbidden.

    ``contracts`` are its tools and ``worlds`` its worlds by name, as they were written; each is read and made
    ready, in ``tools`` and ``origins``, when it is first needed: a worker needs a few of them, and 64 workers
    need their memory.  Each tool is of one of the ``parts``.
    """

    lane: Lane
    contracts: Mapping[str, str]
    worlds: Mapping[str, str]
    parts: Sequence[_Part]
    tools: dict[str, Tool] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    violation: str | None = None

    def world(self, name: str) -> Origin:
        """Give a world; one that the pack does not have (a snapshot may name any) is empty."""
        origin = self.origins.get(name)
        if origin is None:
            if name not in self.worlds:
                return Origin.of(name, {})
            origin = self.origins[name] = Origin.of(name, orjson.loads(self.worlds[name]))
        return origin

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
        lane = self.lane
        counters = world.counters.copy()
        lane.context.renew((world.origin.name, number, name), world.counters)
        answer, used = lane.execute(tool, world, arguments, strict=strict)
        if not isinstance(answer, bytes):
            world.counters = counters
        elif planned is not None:
            answer = truncated(planned, answer)
        return answer, used

    def _compiled(self, name: str) -> Tool | None:
        if name not in self.contracts:
            return None
        contract = orjson.loads(self.contracts[name])
        tool = self.tools[name] = _tool(contract, self.parts[contract["part"]])
        return tool


def load_program(
    pack: Mapping[str, Any],
    sources: Sequence[CompiledSource],
    surroundings: Surroundings,
    *,
    trusted: bool = False,
) -> Program:
    """Make what the parent sent of a pack ready to run.  Without code it is a program that forbids.

    The pack's schemas have passed the lint, in the worker that compiled its code.
    """
    meter = surroundings.meter
    lane = TrustedLane if trusted else ConfinedLane
    load = partial(load_plain, meter=meter) if trusted else surroundings.load
    return Program(
        lane=lane(context=ToolContext(clock=pack["clock"], meter=meter), meter=meter),
        contracts=pack["tools"],
        worlds=pack["worlds"],
        parts=tuple(
            _Part({} if source.code is None else load(source.code), source.reached) for source in sources
        ),
        violation=next(filter(None, (source.violation for source in sources)), None),
    )


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
