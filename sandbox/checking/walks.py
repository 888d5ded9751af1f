"""One call sequence in the making: what it did so far, and which call comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.checking.declared import follow_ups
from sandbox.checking.drawing import Drawer
from sandbox.checking.executed import Executed
from sandbox.checking.known import Known
from sandbox.reports import CounterExample
from sandbox.state.values import Chooser
from sandbox.types import Call, Returned, Snapshot

__all__ = ["Walk", "next_call"]

REPEAT_ONE_IN = 10


@dataclass(slots=True, kw_only=True)
class Walk:
    """A sequence that grows call by call.  ``start`` has the world and its changes, and no calls."""

    number: int
    start: CounterExample
    here: Snapshot
    digest: str
    chooser: Chooser
    done: list[Executed] = field(default_factory=list)
    ended: bool = False

    def add(self, step: Executed) -> None:
        """Go one call further."""
        self.done.append(step)
        self.here, self.digest = step.after, step.digest_after

    def example(self, length: int | None = None) -> CounterExample:
        """Give the sequence, or its first ``length`` calls, as something to show."""
        calls = tuple(step.call for step in self.done[:length])
        return CounterExample(world=self.start.world, changes=self.start.changes, calls=calls)


def next_call(walk: Walk, drawer: Drawer, wanted: Sequence[str]) -> Call | None:
    """Draw the next call: one that tests a law of the pack, an earlier one again, or a new one.

    Half of the new ones are of the tools that are ``wanted``.  None if no arguments were found.
    """
    chooser = walk.chooser
    if walk.done:
        tests = list(follow_ups(drawer.pack, walk.done[-1]))
        tests = [call for call in tests if drawer.fits[call.name].fits(call.arguments)]
        if tests and chooser.integer(0, 1):
            return tests[chooser.integer(0, len(tests) - 1)]
        if not chooser.integer(0, REPEAT_ONE_IN - 1):
            return walk.done[chooser.integer(0, len(walk.done) - 1)].call
    tools = drawer.pack.tools
    tool = tools[chooser.integer(0, len(tools) - 1)]
    if wanted and chooser.integer(0, 1):
        tool = drawer.pack.tool(wanted[chooser.integer(0, len(wanted) - 1)])
    return drawer.call(tool, chooser, [drawer.known(walk.here.state, walk.digest), _said(walk)])


def _said(walk: Walk) -> Known:
    """Index the arguments and answers so far; both are rows whose parts belong together."""
    said: list[object] = [step.call.arguments for step in walk.done]
    said += [step.outcome.value for step in walk.done if isinstance(step.outcome, Returned)]
    return Known(said)
