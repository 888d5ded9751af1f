"""Executes examples and says which laws their last call breaks: for the search, for shrinking, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sandbox.checking.executed import BrokenLaw, Executed, executed_calls
from sandbox.checking.laws import broken_laws, first_broken
from sandbox.checking.replays import first_difference, replayed
from sandbox.checking.starts import start_of
from sandbox.packs.reading import Pack
from sandbox.reports import Breach, CounterExample, Judgement
from sandbox.schema import Validator, compile_schema
from sandbox.state.world import state_digest
from sandbox.types import Execution, Trajectory

__all__ = ["Judge", "Run"]

Run = Callable[[Sequence[Trajectory]], Sequence[Execution]]
REPLAY_LAWS = frozenset({"P8", "P13", "P18"})


class Judge:
    """Runs examples on a first set of workers, and once more on a second one."""

    def __init__(self, pack: Pack, first: Run, second: Run) -> None:
        self.pack = pack
        self.first = first
        self.second = second
        self.state_schema = compile_schema(pack.state_schema, where="state.schema.json")
        self._fits: Mapping[str, Validator] = {
            tool.name: compile_schema(tool.parameters, where=tool.name) for tool in pack.tools
        }

    def breaks(self, law: BrokenLaw, examples: Sequence[CounterExample]) -> list[bool]:
        """Tell of each example whether its last call, and none before, breaks the law."""
        sound = [example for example in examples if self._is_sound(example)]
        broken = dict(zip(map(id, sound), self._broken_by_last(law, sound), strict=True))
        return [law.key in broken.get(id(example), ()) for example in examples]

    def _is_sound(self, example: CounterExample) -> bool:
        return all(
            call.name in self._fits and self._fits[call.name].fits(call.arguments) for call in example.calls
        )

    def _broken_by_last(
        self, law: BrokenLaw, examples: Sequence[CounterExample]
    ) -> list[set[tuple[str, str, str | None]]]:
        all_done = self.execute(examples)
        if law.code in REPLAY_LAWS:
            differences = self._differences(examples, all_done, turned=law.code == "P13")
            return [{difference[1].key} if difference else set() for difference in differences]
        results = []
        for done in all_done:
            number, broken = first_broken(self.pack, self.state_schema, done)
            results.append({other.key for other in broken} if number == len(done) - 1 else set())
        return results

    def execute(self, examples: Sequence[CounterExample]) -> list[tuple[Executed, ...]]:
        """Run examples, each in one go."""
        starts = [start_of(self.pack, example) for example in examples]
        trajectories = [
            Trajectory(start=start, calls=example.calls, keep_snapshots=True)
            for start, example in zip(starts, examples, strict=True)
        ]
        return [
            executed_calls(start, example.calls, execution)
            for start, example, execution in zip(starts, examples, self.first(trajectories), strict=True)
        ]

    def judgements(self, examples: Sequence[CounterExample]) -> Iterator[Judgement]:
        """Execute examples; name everything that they break, call by call and then in replay."""
        all_done = self.execute(examples)
        plain = self._differences(examples, all_done, turned=False)
        turned = self._differences(examples, all_done, turned=True)
        for example, done, *different in zip(examples, all_done, plain, turned, strict=True):
            breaches = [
                _breach(number, law)
                for number, (earlier, step) in enumerate(zip((None, *done), done, strict=False))
                for law in broken_laws(self.pack, self.state_schema, earlier, step)
            ]
            breaches += [_breach(*difference) for difference in different if difference is not None]
            digest = done[-1].digest_after if done else state_digest(start_of(self.pack, example).state)
            yield Judgement(
                outcomes=tuple(step.outcome for step in done),
                final_state_digest=digest,
                broken=tuple(breaches),
            )

    def _differences(
        self,
        examples: Sequence[CounterExample],
        all_done: Sequence[Sequence[Executed]],
        *,
        turned: bool,
    ) -> list[tuple[int, BrokenLaw] | None]:
        """Run examples again elsewhere; give where each differs first, if anywhere."""
        again = self.second(
            [replayed(start_of(self.pack, example), example.calls, turned=turned) for example in examples]
        )
        return [
            first_difference(done, execution, turned=turned)
            for done, execution in zip(all_done, again, strict=True)
        ]


def _breach(number: int, law: BrokenLaw) -> Breach:
    return Breach(call=number, code=law.code, tool=law.tool, message=law.message, invariant=law.invariant)
