"""Searches for call sequences that break a law: many at once, guided by what was not reached yet.

A sequence starts in a world, or goes on from where an earlier one reached something rare.  What breaks a law
is made short before it is reported.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Sequence

from sandbox.checking.chance import PatternTexts, RandomChooser
from sandbox.checking.coverage import Coverage
from sandbox.checking.drawing import Drawer
from sandbox.checking.executed import BrokenLaw, executed_step
from sandbox.checking.judge import Judge
from sandbox.checking.laws import broken_laws
from sandbox.checking.replays import first_difference, replayed
from sandbox.checking.shrinking import shrink
from sandbox.checking.starts import scarce_changes, start_of
from sandbox.checking.walks import Walk, next_call
from sandbox.reports import CounterExample, PackFinding
from sandbox.state.world import state_digest
from sandbox.types import Call, Execution, Fault, FaultKind, Outcome, Trajectory

__all__ = ["Search"]

AT_ONCE = 48
CALLS = 6
LONGEST = 14
RARE = 3
MAX_FINDINGS = 20
MAX_SHRINKS = 6
_ENDED_WORKERS = (FaultKind.TIMEOUT, FaultKind.MEMORY, FaultKind.CRASH)


class Search:
    """One check's running state: what was reached, and what is known to be broken already."""

    def __init__(self, judge: Judge, coverage: Coverage, *, seed: int) -> None:
        self.examples = 0
        self._judge = judge
        self._pack = judge.pack
        self._coverage = coverage
        self._seed = seed
        self._texts = PatternTexts(seed)
        self._drawer = Drawer(judge.pack)
        self._worlds = tuple(judge.pack.worlds)
        self._reached = Coverage(judge.pack)  # by the search alone: tasks are no reason to look less
        self._found: dict[tuple[str, str, str | None], PackFinding] = {}
        self._tried: Counter[tuple[str, str, str | None]] = Counter()
        self._rare: list[Walk] = []
        self._stuck: set[str] = set()  # tools that cost a worker and seconds: one such call is enough

    @property
    def findings(self) -> tuple[PackFinding, ...]:
        """One finding for every law, tool and declared invariant, in the order in which they were found."""
        return tuple(self._found.values())

    def explore(self, examples: int) -> None:
        """Run ``examples`` sequences, and up to twice as many again while some outcome is not reached.

        Each tool is called once before, so that one that never ends is found out by a single call.
        """
        self._try_each()
        for first in range(0, examples, AT_ONCE):
            self._wave(min(AT_ONCE, examples - first), self._reached.wanting())
        for first in range(0, 2 * examples, AT_ONCE):
            wanted = self._reached.wanting()
            if not wanted or self._found:
                break  # what a broken tool does not reach is no news
            self._wave(min(AT_ONCE, 2 * examples - first), wanted)

    def _wave(self, width: int, wanted: Sequence[str]) -> None:
        walks = [self._open(self.examples + number) for number in range(1, width + 1)]
        self.examples += width
        for _ in range(CALLS):
            drawn = [
                (walk, call)
                for walk in walks
                if not walk.ended and (call := next_call(walk, self._drawer, wanted)) is not None
                if call.name not in self._stuck
            ]
            self._advance(drawn)
        self._replay([walk for walk in walks if walk.done and not walk.ended])

    def _try_each(self) -> None:
        walks = [self._open(0) for _ in self._pack.tools]
        drawn = [
            (walk, call)
            for walk, tool in zip(walks, self._pack.tools, strict=True)
            if (call := self._drawer.call(tool, walk.chooser, [])) is not None
        ]
        for (walk, call), execution in zip(drawn, self._executed(drawn), strict=True):
            if _has_ended(execution.steps[0].outcome):
                self._take(walk, call, execution)

    def _open(self, number: int) -> Walk:
        chooser = RandomChooser(random.Random(f"{self._seed}/{number}"), self._texts)
        if self._rare and not chooser.integer(0, 2):
            rare = self._rare[chooser.integer(0, len(self._rare) - 1)]
            return Walk(
                number=number,
                start=rare.start,
                here=rare.here,
                digest=rare.digest,
                chooser=chooser,
                done=list(rare.done),
            )
        world = self._worlds[chooser.integer(0, len(self._worlds) - 1)]
        changes = scarce_changes(self._pack, world, self._judge.state_schema, chooser)
        start = CounterExample(world=world, changes=changes, calls=())
        here = start_of(self._pack, start)
        return Walk(number=number, start=start, here=here, digest=state_digest(here.state), chooser=chooser)

    def _advance(self, drawn: Sequence[tuple[Walk, Call]]) -> None:
        for (walk, call), execution in zip(drawn, self._executed(drawn), strict=True):
            self._take(walk, call, execution)

    def _executed(self, drawn: Sequence[tuple[Walk, Call]]) -> Sequence[Execution]:
        return self._judge.first(
            [Trajectory(start=walk.here, calls=(call,), keep_snapshots=True) for walk, call in drawn]
        )

    def _take(self, walk: Walk, call: Call, execution: Execution) -> None:
        """Go on to where a call has led, and judge it."""
        earlier = walk.done[-1] if walk.done else None
        step = executed_step(call, execution.steps[0], walk.here, walk.digest)
        walk.add(step)
        self._coverage.note(call.name, step.outcome, step.steps_used)
        seen = self._reached.note(call.name, step.outcome, step.steps_used)
        broken = list(broken_laws(self._pack, self._judge.state_schema, earlier, step))
        if broken:
            if _has_ended(step.outcome):
                self._stuck.add(call.name)
            walk.ended = True  # what comes after a broken law is not the next tool's fault
            for law in broken:
                self._report(law, walk, len(walk.done))
        elif 0 < seen <= RARE and len(walk.done) + CALLS <= LONGEST:
            self._rare.append(_copy(walk))

    def _replay(self, walks: Sequence[Walk]) -> None:
        """P8, P13, P18: another worker does the same in one go, every other time with turned keys."""
        trajectories = [
            replayed(
                start_of(self._pack, walk.start),
                [step.call for step in walk.done],
                turned=_is_turned(walk),
            )
            for walk in walks
        ]
        for walk, again in zip(walks, self._judge.second(trajectories), strict=True):
            difference = first_difference(walk.done, again, turned=_is_turned(walk))
            if difference is not None:
                number, law = difference
                self._report(law, walk, number + 1)

    def _report(self, law: BrokenLaw, walk: Walk, length: int) -> None:
        known = self._found.get(law.key)
        if known is None:
            if len(self._found) == MAX_FINDINGS:
                return
        elif self._tried[law.key] == MAX_SHRINKS or _length(known) == 1:
            return
        self._tried[law.key] += 1
        example = walk.example(length)
        if law.tool in self._stuck:
            self._found.setdefault(law.key, _finding(law, example, walk.number))
            return
        if self._judge.breaks(law, [example]) == [True]:
            example = shrink(example, lambda trials: self._judge.breaks(law, trials), worlds=self._worlds)
        if known is None:
            self._found[law.key] = _finding(law, example, walk.number)
        elif len(example.calls) < _length(known):
            # Another way to the same defect may be shorter than what the first one shrank to.
            self._found[law.key] = dataclasses.replace(known, message=law.message, counter_example=example)


def _finding(law: BrokenLaw, example: CounterExample, number: int) -> PackFinding:
    return PackFinding(
        code=law.code,
        severity="error",
        message=law.message,
        tool=law.tool,
        invariant=law.invariant,
        counter_example=example,
        found_after=number,
    )


def _has_ended(outcome: Outcome) -> bool:
    """Tell whether a call cost its worker, and mostly seconds."""
    return isinstance(outcome, Fault) and outcome.kind in _ENDED_WORKERS


def _length(finding: PackFinding) -> int:
    return len(finding.counter_example.calls) if finding.counter_example else 0


def _is_turned(walk: Walk) -> bool:
    return walk.number % 2 == 0


def _copy(walk: Walk) -> Walk:
    """Keep a walk as it is now: places are never changed, the list of calls is."""
    return Walk(
        number=walk.number,
        start=walk.start,
        here=walk.here,
        digest=walk.digest,
        chooser=walk.chooser,
        done=list(walk.done),
    )
