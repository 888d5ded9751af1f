"""Searches for call sequences that break a law, and counts what they reach on the way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import hypothesis
from hypothesis import strategies as st

from sandbox.drawing import draw_call
from sandbox.laws import BrokenLaw, broken_law
from sandbox.packs import Pack
from sandbox.refusals import RandomChooser, spoilt_arguments
from sandbox.reports import CounterExample, PackFinding, ToolCoverage
from sandbox.runtime import ProcessRuntime
from sandbox.schema import Validator, compile_schema
from sandbox.types import Call, Execution, Fault, FaultKind, Returned, Snapshot, Step, Trajectory

__all__ = ["Explorer"]

MAX_CALLS = 6
MAX_FAILURES = 8
Run = Callable[[ProcessRuntime, list[Trajectory]], tuple[Execution, ...]]


class _Broken(Exception):
    """A sequence broke a law; Hypothesis shrinks towards the shortest that does."""

    def __init__(self, law: BrokenLaw, example: CounterExample) -> None:
        super().__init__(law.message)
        self.law = law
        self.example = example


class _HypothesisChooser:
    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return int(self._draw(st.integers(low, high)))

    def matching(self, pattern: str) -> str:
        return str(self._draw(st.from_regex(pattern)))


class Explorer:
    """One check's running state: what was reached, and what is known to be broken already."""

    def __init__(self, pack: Pack, run: Run, first: ProcessRuntime, second: ProcessRuntime) -> None:
        self.pack = pack
        self.run = run
        self.first = first
        self.second = second
        self.examples = 0
        self.calls = 0
        self.reached: Counter[tuple[str, str]] = Counter()
        self.known: set[tuple[str, str]] = set()
        self.state_schema = compile_schema(pack.state_schema, where="state.schema.json")
        self.fits: dict[str, Validator] = {
            tool.name: compile_schema(tool.parameters, where=tool.name) for tool in pack.tools
        }

    def check_tasks(self) -> list[PackFinding]:
        """Run the example tasks: none of their calls may fail."""
        findings = []
        for number, task in enumerate(self.pack.tasks, 1):
            if task.world not in self.pack.worlds:
                message = f"tasks.jsonl line {number}: no world {task.world!r}"
                findings.append(PackFinding(code="task", severity="error", message=message))
                continue
            execution = self.run(self.first, [Trajectory(start=task.world, calls=task.calls)])[0]
            for place, (call, step) in enumerate(zip(task.calls, execution.steps, strict=True), 1):
                self._note(call, step)
                if isinstance(step.outcome, Fault):
                    fault = step.outcome
                    message = f"tasks.jsonl line {number}: call {place} fails: {fault.code}: {fault.message}"
                    example = CounterExample(world=task.world, calls=task.calls[:place])
                    findings.append(
                        PackFinding(
                            code="task",
                            severity="error",
                            message=message,
                            tool=call.name,
                            counter_example=example,
                        )
                    )
                    break
        return findings

    def check_refusals(self, chance: random.Random) -> list[PackFinding]:
        """P15: arguments that break one keyword each are refused before the tool runs."""
        world = next(iter(self.pack.worlds))
        chooser = RandomChooser(chance)
        trajectories, named = [], []
        for tool in self.pack.tools:
            for what, arguments in spoilt_arguments(tool.parameters, chooser):
                call = Call(name=tool.name, arguments=arguments)
                trajectories.append(Trajectory(start=world, calls=(call,)))
                named.append((tool, what, call))
        findings = []
        for (tool, what, call), execution in zip(named, self.run(self.first, trajectories), strict=True):
            outcome = execution.steps[0].outcome
            if not (isinstance(outcome, Fault) and outcome.kind is FaultKind.INVALID_ARGUMENTS):
                findings.append(
                    PackFinding(
                        code="P15",
                        severity="error",
                        message=f"the schema lets through {what}",
                        tool=tool.name,
                        counter_example=CounterExample(world=world, calls=(call,)),
                    )
                )
        return findings

    def sweep(self, chance: random.Random, width: int) -> None:
        """Run many random sequences side by side, for breadth: what they reach counts as covered."""
        chooser = RandomChooser(chance)
        worlds = sorted(self.pack.worlds)
        heres = [Snapshot(world=name, state=self.pack.worlds[name]) for name in worlds for _ in range(width)]
        answers: list[list[object]] = [[] for _ in heres]
        for _ in range(MAX_CALLS):
            drawn = [
                (place, call)
                for place, here in enumerate(heres)
                if (call := draw_call(self.pack.tools, self.fits, chooser, here, answers[place])) is not None
            ]
            trajectories = [
                Trajectory(start=heres[place], calls=(call,), keep_snapshots=True) for place, call in drawn
            ]
            for (place, call), execution in zip(drawn, self.run(self.first, trajectories), strict=True):
                step = execution.steps[0]
                heres[place] = execution.final
                self._note(call, step)
                if isinstance(step.outcome, Returned):
                    answers[place].append(step.outcome.value)

    def explore(self, examples: int, seed: int) -> list[PackFinding]:
        """Search for sequences that break a law; one finding per law and tool."""
        findings: list[PackFinding] = []
        while len(findings) < MAX_FAILURES:
            broken = self._search(examples, seed)
            if broken is None:
                break
            self.known.add((broken.law.code, broken.law.tool))
            findings.append(
                PackFinding(
                    code=broken.law.code,
                    severity="error",
                    message=broken.law.message,
                    tool=broken.law.tool,
                    counter_example=broken.example,
                )
            )
        return findings

    def _search(self, examples: int, seed: int) -> _Broken | None:
        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=examples,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            print_blob=False,
            phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(st.data())
        def sequence(data: st.DataObject) -> None:
            self._sequence(data.draw)

        try:
            sequence()
        except _Broken as broken:
            return broken
        return None

    def _sequence(self, draw: Callable[[Any], Any]) -> None:
        self.examples += 1
        world = draw(st.sampled_from(sorted(self.pack.worlds)))
        here = Snapshot(world=world, state=self.pack.worlds[world])
        chooser = _HypothesisChooser(draw)
        calls: list[Call] = []
        steps: list[Step] = []
        answers: list[object] = []
        for _ in range(draw(st.integers(1, MAX_CALLS))):
            call = draw_call(self.pack.tools, self.fits, chooser, here, answers)
            if call is None:
                continue
            step = self.run(self.first, [Trajectory(start=here, calls=(call,), keep_snapshots=True)])[
                0
            ].steps[0]
            after = step.snapshot or here
            calls.append(call)
            steps.append(step)
            self._note(call, step)
            law = broken_law(self.pack, self.state_schema, call, step, here, after)
            if law is not None:
                self._judge(law, world, calls)
                return  # known already; what comes after a broken law is not the next tool's fault
            if isinstance(step.outcome, Returned):
                answers.append(step.outcome.value)
            here = after
        if calls:
            law = self._differs_elsewhere(world, calls, steps)
            if law is not None:
                self._judge(law, world, calls)

    def _judge(self, law: BrokenLaw, world: str, calls: list[Call]) -> None:
        if (law.code, law.tool) not in self.known:
            raise _Broken(law, CounterExample(world=world, calls=tuple(calls)))

    def _differs_elsewhere(self, world: str, calls: list[Call], steps: list[Step]) -> BrokenLaw | None:
        """P8, P13: another worker, with other hashes and in one go, does the same."""
        again = self.run(self.second, [Trajectory(start=world, calls=tuple(calls))])[0]
        for call, one, other in zip(calls, steps, again.steps, strict=True):
            if one.outcome != other.outcome or one.state_digest != other.state_digest:
                message = f"not deterministic: once {one.outcome}, then {other.outcome}"
                return BrokenLaw(code="P8", tool=call.name, message=message[:500])
            if one.steps_used != other.steps_used:
                message = f"not deterministic: once {one.steps_used} steps, then {other.steps_used}"
                return BrokenLaw(code="P13", tool=call.name, message=message)
        return None

    def _note(self, call: Call, step: Step) -> None:
        self.calls += 1
        match step.outcome:
            case Returned():
                self.reached[call.name, ""] += 1
            case Fault(FaultKind.TOOL_ERROR, code):
                self.reached[call.name, code] += 1

    def coverage(self) -> Mapping[str, ToolCoverage]:
        """Give what each tool was seen to do."""
        return {
            tool.name: ToolCoverage(
                successes=self.reached[tool.name, ""],
                errors={code: self.reached[tool.name, code] for code in tool.errors},
            )
            for tool in self.pack.tools
        }

    def check_coverage(self) -> list[PackFinding]:
        """P19: every tool succeeded, and every declared error was reached."""
        findings = []
        for name, covered in self.coverage().items():
            if not covered.successes:
                message = "never succeeded: give it an example task, or sources for its parameters"
                findings.append(PackFinding(code="P19", severity="warning", message=message, tool=name))
            if covered.unreached:
                message = f"declared errors never reached: {', '.join(covered.unreached)}"
                findings.append(PackFinding(code="P19", severity="warning", message=message, tool=name))
        return findings
