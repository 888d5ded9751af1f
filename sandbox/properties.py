"""Property-based checks of a tool pack: many short call sequences, judged by the laws of ``sandbox.laws``.

What makes them bite: identifiers are drawn from the current state four times in five, and every field is
drawn on its own.  All tool code runs in confined workers; only values come back here.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import anyio.from_thread

from sandbox.confine import Isolation, IsolationLevel
from sandbox.explorer import Explorer
from sandbox.pack_lint import lint_pack
from sandbox.packs import Pack
from sandbox.reports import CounterExample, PackFinding, PackReport
from sandbox.runtime import ProcessRuntime, open_runtime
from sandbox.types import Execution, Trajectory

__all__ = ["CounterExample", "PackFinding", "PackReport", "check_pack"]

SWEEP_WIDTH = 48  # sequences per world


def check_pack(
    pack: Pack,
    *,
    examples: int = 100,
    seed: int = 0,
    required: IsolationLevel | str = IsolationLevel.LIMITED,
) -> PackReport:
    """Check a pack: statically, by its own tasks, and by ``examples`` random call sequences.

    The same seed draws the same sequences.  Blocks; takes some milliseconds per example.
    """
    with ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
        # Two templates: their hash seeds differ, so that what depends on hashes shows (P13).
        first, second = (
            stack.enter_context(portal.wrap_async_context_manager(open_runtime(workers=1, required=required)))
            for _ in range(2)
        )
        compiled = portal.call(first.inspect, pack)
        findings = list(lint_pack(pack, _signatures(compiled), compiled["violation"]))
        if compiled["violation"] is not None:
            return _report(pack, findings, None, first.isolation)

        def run(runtime: ProcessRuntime, trajectories: list[Trajectory]) -> tuple[Execution, ...]:
            return portal.call(lambda: runtime.run(pack, trajectories, strict=True))

        explorer = Explorer(pack, run, first, second)
        findings += explorer.check_tasks()
        findings += explorer.check_refusals(random.Random(seed))
        explorer.sweep(random.Random(seed), SWEEP_WIDTH)
        findings += explorer.explore(examples, seed)
        findings += explorer.check_coverage()
        return _report(pack, findings, explorer, first.isolation)


def _signatures(compiled: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(parameters) for name, parameters in compiled["signatures"].items()}


def _report(
    pack: Pack, findings: list[PackFinding], explorer: Explorer | None, isolation: Isolation
) -> PackReport:
    return PackReport(
        pack=pack.name,
        findings=tuple(findings),
        coverage=explorer.coverage() if explorer else {},
        examples=explorer.examples if explorer else 0,
        calls=explorer.calls if explorer else 0,
        isolation=isolation,
    )
