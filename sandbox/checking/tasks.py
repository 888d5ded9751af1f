"""Runs a pack's example tasks: none of their calls may fail."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.checking.coverage import Coverage
from sandbox.checking.judge import Run
from sandbox.packs.reading import Pack
from sandbox.reports import CounterExample, PackFinding
from sandbox.types import Fault, Trajectory

__all__ = ["task_findings"]


def task_findings(pack: Pack, run: Run, coverage: Coverage) -> Iterator[PackFinding]:
    """Yield one finding for every task that fails, at its first failing call."""
    for number, task in enumerate(pack.tasks, 1):
        if task.world not in pack.worlds:
            message = f"tasks.jsonl line {number}: no world {task.world!r}"
            yield PackFinding(code="task", severity="error", message=message)
            continue
        (execution,) = run([Trajectory(start=task.world, calls=task.calls)])
        for place, (call, step) in enumerate(zip(task.calls, execution.steps, strict=True), 1):
            coverage.note(call.name, step.outcome, step.steps_used)
            if isinstance(step.outcome, Fault):
                fault = step.outcome
                yield PackFinding(
                    code="task",
                    severity="error",
                    message=f"tasks.jsonl line {number}: call {place} fails: {fault.code}: {fault.message}",
                    tool=call.name,
                    counter_example=CounterExample(world=task.world, calls=task.calls[:place]),
                )
                break
