"""A Hypothesis state machine that calls a pack's tools, for laws of one's own."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import anyio.from_thread
import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from sandbox.checking.chance import PatternTexts, RandomChooser
from sandbox.checking.drawing import Drawer
from sandbox.checking.known import Known
from sandbox.packs.reading import Pack, read_pack
from sandbox.runtime import open_runtime
from sandbox.state.world import state_digest
from sandbox.types import Call, Execution, JsonObject, Outcome, Returned, Snapshot, Trajectory

__all__ = ["PackMachine", "run_machine"]


class PackMachine(RuleBasedStateMachine):
    """Calls tools one after another on a world.  Subclass it, name the pack, add ``@invariant()`` methods.

    They may look at ``world`` (the state now), ``calls`` and ``outcomes`` (both so far).  Run it with
    ``run_machine``.
    """

    pack: ClassVar[str | Path]
    opened_pack: ClassVar[Pack]
    drawer: ClassVar[Drawer]
    texts: ClassVar[PatternTexts]
    execute: ClassVar[Callable[[Trajectory], Execution]]

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.outcomes: list[Outcome] = []
        first = next(iter(self.opened_pack.worlds))
        self.snapshot = Snapshot(world=first, state=self.opened_pack.world(first))

    @property
    def world(self) -> JsonObject:
        """The state as it is now."""
        return self.snapshot.state

    @initialize(data=st.data())
    def open_world(self, data: st.DataObject) -> None:
        """Start in one of the pack's worlds."""
        name = data.draw(st.sampled_from(sorted(self.opened_pack.worlds)), label="world")
        self.snapshot = Snapshot(world=name, state=self.opened_pack.world(name))

    @rule(number=st.integers(0, 999), draw=st.integers(0, 999))
    def call_tool(self, number: int, draw: int) -> None:
        """Call any tool with arguments that fit its schema.

        One integer stands for all arguments: with a choice for each, making a failure short takes minutes.
        """
        tools = self.opened_pack.tools
        said = [call.arguments for call in self.calls]
        answers = [outcome.value for outcome in self.outcomes if isinstance(outcome, Returned)]
        places = [self.drawer.known(self.world, state_digest(self.world)), Known([*said, *answers])]
        chooser = RandomChooser(random.Random(draw), self.texts)
        call = self.drawer.call(tools[number % len(tools)], chooser, places)
        if call is not None:
            hypothesis.note(f"{call.name} {dict(call.arguments)}")
            self.make(call)

    def make(self, call: Call) -> Outcome:
        """Make a call on the world as it is."""
        execution = type(self).execute(Trajectory(start=self.snapshot, calls=(call,)))
        self.snapshot = execution.final
        self.calls.append(call)
        self.outcomes.append(execution.steps[0].outcome)
        return self.outcomes[-1]


def run_machine(machine: type[PackMachine], *, examples: int = 50, calls: int = 10, seed: int = 0) -> None:
    """Run a machine in confined workers: ``examples`` sequences of up to ``calls`` calls each.

    Raises what its invariants raise, for the shortest sequence that Hypothesis finds.
    """
    pack = read_pack(machine.pack)
    with ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
        runtime = stack.enter_context(portal.wrap_async_context_manager(open_runtime(workers=1)))

        def execute(trajectory: Trajectory) -> Execution:
            return portal.call(runtime.run, pack, [trajectory])[0]

        bound: dict[str, Any] = {
            "opened_pack": pack,
            "drawer": Drawer(pack),
            "texts": PatternTexts(seed),
            "execute": staticmethod(execute),
        }
        settings = hypothesis.settings(
            max_examples=examples,
            stateful_step_count=calls,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        seeded = hypothesis.seed(seed)(type(machine.__name__, (machine,), bound))
        run_state_machine_as_test(seeded, settings=settings)
