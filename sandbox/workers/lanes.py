"""The two ways to execute a call whose arguments fit: metered and looked over, or as it was written.

Both do the same for code that keeps its promises, which a test shows; they share nothing but the world and
the contract, for what the one must ask of every call is most of what the other saves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from sandbox.language.ctx import ToolContext
from sandbox.language.meter import DeclaredFailure, Meter
from sandbox.state.live_world import LiveWorld
from sandbox.state.world import canonical
from sandbox.types import Fault, FaultKind
from sandbox.workers.contract import Answer, Tool, fault, judge_failure, judge_result
from sandbox.workers.failures import RAISED, fault_of

__all__ = ["ConfinedLane", "Lane", "TrustedLane"]


class Lane(Protocol):
    """Executes one call, for which its ``context`` is made new; gives its answer, and the steps that it took
    if they are counted.

    After a fault the world's tables are as before.
    """

    @property
    def context(self) -> ToolContext: ...

    def execute(
        self, tool: Tool, world: LiveWorld, arguments: dict[str, Any], *, strict: bool
    ) -> tuple[Answer, int | None]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfinedLane:
    """For anybody's code, rewritten with guards: every step is counted, every result and change looked at."""

    context: ToolContext
    meter: Meter

    def execute(
        self, tool: Tool, world: LiveWorld, arguments: dict[str, Any], *, strict: bool
    ) -> tuple[Answer, int | None]:
        """Execute it; tables that dialogues share are lent to it where it may write to them."""
        meter = self.meter
        meter.reset()
        before = canonical(arguments) if strict else b""
        answer: Answer
        try:
            state = world.open_tables(tool.reached, tool.own)
            result = tool.function(state, self.context, **arguments)
            if strict and before != canonical(arguments):
                message = "the tool changed its arguments"
                answer = fault(FaultKind.INVALID_RESULT, message, code="changed_arguments")
            else:
                answer = judge_result(tool, world, result, meter, strict=strict)
        except DeclaredFailure as failure:
            answer = judge_failure(tool, world, failure, meter, strict=strict)
        except RAISED as error:
            answer = fault_of(error)
        if not meter.wrote:
            world.give_back(tool.own)
        elif type(answer) is Fault:
            world.forget(tool.watched_in(world))
        return answer, meter.used


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedLane:
    """For pinned code as it was written: nobody counts, and it is taken at its word."""

    context: ToolContext
    meter: Meter

    def execute(
        self, tool: Tool, world: LiveWorld, arguments: dict[str, Any], *, strict: bool
    ) -> tuple[Answer, int | None]:
        """Execute it; what it wrote is seen by comparing."""
        del strict  # pinned packs have passed the checks that ask for it
        meter = self.meter
        meter.left = meter.limit
        meter.attached = False
        try:
            state = world.open_tables(tool.reached, tool.own)
            # Written at once: a result that shares parts with the state must not change with it.
            answer = orjson.dumps(tool.function(state, self.context, **arguments))
            if tool.own:
                world.settle(tool.own, attached=meter.attached)
            return answer, None
        except DeclaredFailure as failure:
            failed = judge_failure(tool, world, failure, meter, strict=False)
        except RAISED as error:
            failed = fault_of(error)
        world.forget(tool.own)
        return failed, None
