"""One dialogue from its seed to its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine import ChatModel
from sandbox import Call, Execution, Pack, Runtime, Snapshot, Step, ToolSpec, Trajectory
from toolace_mt.asking import Tally
from toolace_mt.chance import derived_seed, source_of_chance
from toolace_mt.draft import Draft
from toolace_mt.executing import Run
from toolace_mt.outcome import Outcome, accepted, rejected, unplannable
from toolace_mt.planners.walk import PlanError, walk
from toolace_mt.stages.initialize import initialize
from toolace_mt.stages.inject import drawn_kinds, inject
from toolace_mt.stages.refine import Refiner
from toolace_mt.stages.repair import repair
from toolace_mt.stages.verify import verify

__all__ = ["Attempt", "Pipeline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a dialogue; everything about it follows from the run's seed and its number."""

    number: int
    run_seed: int

    @property
    def id(self) -> str:
        return f"d{self.number:07d}"

    @property
    def seed(self) -> int:
        return derived_seed(self.run_seed, "dialogue", self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Composes the stages over a sandbox.

    ``rounds`` bounds mask-and-fill (the paper: at most 5), ``repairs`` how often a named turn is mended
    before the dialogue is dropped; ``injections`` are the kinds that may be drawn.
    """

    runtime: Runtime
    packs: Sequence[Pack]
    refiner: Refiner
    injections: Sequence[str]
    rounds: int
    repairs: int

    async def make(self, attempt: Attempt, model: ChatModel) -> Outcome:
        """Make one dialogue and judge it.

        Raises what asking the model raises (``engine.errors``); a dialogue that fails is an outcome.
        """
        pack = self.packs[attempt.number % len(self.packs)]
        chance = source_of_chance(attempt.seed, "plan")
        world = chance.choice(sorted(pack.worlds))
        start = Snapshot(world=world, state=pack.worlds[world])

        async def run(trajectory: Trajectory) -> Execution:
            return (await self.runtime.run(pack, [trajectory]))[0]

        async def execute(at: Snapshot, call: Call) -> Step:
            return (
                await run(Trajectory(start=at, calls=(call,), keep_snapshots=True, keep_final=False))
            ).steps[0]

        try:
            plan = await walk(pack, start, chance, execute)
        except PlanError as error:
            return unplannable(
                id=attempt.id, seed=attempt.seed, pack=pack.name, world=world, reason=str(error)
            )
        draft = initialize(
            id=attempt.id,
            seed=attempt.seed,
            pack=pack,
            start=start,
            plan=plan,
            distractors=self._distractors(pack),
        )
        tally = Tally(model)
        draft = await self._refined(draft, tally, run)
        return await self._verified(draft, pack, tally, run)

    async def _refined(self, draft: Draft, tally: Tally, run: Run) -> Draft:
        """Inject, refine, inject, refine, ..., then refine until the turns or the rounds run out."""
        chance = source_of_chance(draft.seed, "inject")
        kinds = drawn_kinds(self.injections, chance)
        for number in range(max(self.rounds, len(kinds))):
            if number < len(kinds):
                draft = await inject(draft, kinds[number], chance, run)
            if number < self.rounds:
                draft = await self.refiner.refine(draft, tally.ask)
        return draft

    async def _verified(self, draft: Draft, pack: Pack, tally: Tally, run: Run) -> Outcome:
        isolation = str(self.runtime.isolation.level)
        verdict = await verify(draft, pack, run)
        done = 0
        while not verdict.is_accepted and done < self.repairs:
            mended = await repair(draft, verdict, self.refiner, tally.ask, attempt=done)
            if mended is None:
                break
            done += 1
            draft = mended
            verdict = await verify(draft, pack, run)
        end = accepted if verdict.is_accepted else rejected
        return end(draft, verdict, tally.cost, repairs=done, isolation=isolation)

    def _distractors(self, pack: Pack) -> tuple[ToolSpec, ...]:
        """Tools of the other packs, which no call of this dialogue needs."""
        return tuple(tool for other in self.packs if other is not pack for tool in other.tools)
