"""Property-based checks of a tool pack: many short call sequences, judged by ``sandbox.checking.laws``.

All tool code runs in confined workers; only values come back here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import anyio.from_thread

from sandbox.checking.chance import PatternTexts, RandomChooser
from sandbox.checking.coverage import Coverage
from sandbox.checking.judge import Judge, Run
from sandbox.checking.laws import PROPERTIES
from sandbox.checking.refusals import refusal_findings
from sandbox.checking.search import Search
from sandbox.checking.tasks import task_findings
from sandbox.isolation import IsolationLevel
from sandbox.packs.invariant_lint import invariant_findings
from sandbox.packs.lint import lint_pack
from sandbox.packs.reading import Pack
from sandbox.reports import CounterExample, Judgement, PackFinding, PackReport
from sandbox.runtime import ProcessRuntime, open_runtime
from sandbox.types import Execution, Trajectory

__all__ = [
    "DEFAULT_EXAMPLES",
    "PROPERTIES",
    "CounterExample",
    "Judgement",
    "PackFinding",
    "PackReport",
    "check_pack",
    "judge_examples",
]

DEFAULT_EXAMPLES = 200


def check_pack(
    pack: Pack,
    *,
    examples: int = DEFAULT_EXAMPLES,
    seed: int = 0,
    required: IsolationLevel | str = IsolationLevel.STRONG,
) -> PackReport:
    """Check a pack: statically, by its own tasks, and by ``examples`` random call sequences.

    As long as some declared outcome was not reached, up to twice as many sequences again look for it.  The
    same seed draws the same sequences.  Blocks; takes about ten milliseconds per example.
    """
    with _opened(pack, required) as (judge, runtime, compiled):
        violation = compiled["violation"]
        findings = list(lint_pack(pack, _signatures(compiled), violation))
        coverage = Coverage(pack)
        sequences = 0
        if violation is None and not any(invariant_findings(pack)):
            found, sequences = _executed_findings(judge, coverage, examples, seed)
            findings += found
        return PackReport(
            pack=pack.name,
            findings=tuple(findings),
            coverage=coverage.by_tool() if violation is None else {},
            examples=sequences,
            calls=coverage.calls,
            isolation=runtime.isolation,
        )


def judge_examples(
    pack: Pack,
    examples: Sequence[CounterExample],
    *,
    required: IsolationLevel | str = IsolationLevel.STRONG,
) -> tuple[Judgement, ...]:
    """Execute examples strictly, as a check does, and name every property that they break."""
    with _opened(pack, required) as (judge, _, _):
        return tuple(judge.judgements(examples))


@contextmanager
def _opened(
    pack: Pack, required: IsolationLevel | str
) -> Iterator[tuple[Judge, ProcessRuntime, Mapping[str, Any]]]:
    """Open two runtimes for a pack; the hash seeds of their templates differ."""
    with ExitStack() as stack:
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
        first, second = (
            stack.enter_context(portal.wrap_async_context_manager(open_runtime(workers=1, required=required)))
            for _ in range(2)
        )

        def on(runtime: ProcessRuntime) -> Run:
            def run(trajectories: Sequence[Trajectory]) -> Sequence[Execution]:
                return portal.call(lambda: runtime.run(pack, trajectories, strict=True))

            return run

        yield Judge(pack, on(first), on(second)), first, portal.call(first.inspect, pack)


def _executed_findings(
    judge: Judge, coverage: Coverage, examples: int, seed: int
) -> tuple[list[PackFinding], int]:
    pack = judge.pack
    chooser = RandomChooser(random.Random(seed), PatternTexts(seed))
    findings = [*task_findings(pack, judge.first, coverage), *refusal_findings(pack, judge.first, chooser)]
    search = Search(judge, coverage, seed=seed)
    search.explore(examples)
    return [*findings, *search.findings, *coverage.findings()], search.examples


def _signatures(compiled: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(parameters) for name, parameters in compiled["signatures"].items()}
