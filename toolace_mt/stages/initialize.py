"""Stage 1, coarse-grained initialization: a complete dialogue in plain words, its calls really executed.

As in the paper (arXiv 2508.12685, section 3.1), a dialogue is one sub-trajectory per sub-task: the user's
message holds every needed value, then calls and results alternate, then the assistant answers.  Ours: the
results come from the sandbox, and the words from the tools' own descriptions and phrases.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from sandbox import Call, Pack, Snapshot, Step, ToolSpec, Trajectory
from toolace_mt.chance import source_of_chance
from toolace_mt.dialogue import AssistantTurn, CallTurn, Dialogue, ResultTurn, Turn, UserTurn
from toolace_mt.draft import Draft, Slot, SlotKind, result_of
from toolace_mt.executing import Run
from toolace_mt.plan import Plan, SubTask
from toolace_mt.transcript import DeclaredTool
from toolace_mt.words.coarse import report_of, request_for

__all__ = ["declared", "initialize", "system_text"]

_FEWEST_TOOLS: Final = 5
_MOST_TOOLS: Final = 20


async def initialize(
    *, id: str, seed: int, pack: Pack, start: Snapshot, plan: Plan, distractors: Sequence[ToolSpec], run: Run
) -> Draft:
    """Lay out the whole dialogue of a plan, all calls executed from ``start``."""
    chance = source_of_chance(seed, "initialize")
    calls = tuple(
        Call(name=call.name, arguments=call.arguments) for task in plan.sub_tasks for call in task.calls
    )
    execution = await run(Trajectory(start=start, calls=calls, keep_snapshots=True))
    turns: list[Turn] = []
    slots: list[Slot | None] = []
    steps = iter(execution.steps)
    for index, task in enumerate(plan.sub_tasks):
        done = [next(steps) for _ in task.calls]
        _lay_out(index, task, done, chance, turns, slots)
    dialogue = Dialogue(
        system=system_text(pack),
        tools=_candidates(pack, plan, distractors, chance),
        turns=tuple(turns),
    )
    return Draft(
        id=id,
        seed=seed,
        pack=pack.name,
        plan=plan,
        start=start,
        dialogue=dialogue,
        slots=tuple(slots),
        steps=execution.steps,
    )


def _lay_out(
    index: int,
    task: SubTask,
    steps: Sequence[Step],
    chance: random.Random,
    turns: list[Turn],
    slots: list[Slot | None],
) -> None:
    request = request_for(task, chance, first=index == 0)
    asked = Slot(kind=SlotKind.REQUEST, parts=request, sub_task=index)
    turns.append(UserTurn(asked.coarse.text))
    slots.append(asked)
    for call, step in zip(task.calls, steps, strict=True):
        turns += [CallTurn((call,)), ResultTurn((result_of(step),))]
        slots += [None, None]
    report = report_of(task, result_of(steps[-1]).value)
    told = Slot(kind=SlotKind.REPORT, parts=report, sub_task=index)
    turns.append(AssistantTurn(told.coarse.text))
    slots.append(told)


def system_text(pack: Pack) -> str:
    """What the assistant is told: the service, today's date, the rules."""
    parts = [pack.description, f"Today is {pack.clock[:10]}."]
    if pack.policy:
        parts.append(pack.policy.strip())
    return "\n".join(parts)


def _candidates(
    pack: Pack, plan: Plan, distractors: Sequence[ToolSpec], chance: random.Random
) -> tuple[DeclaredTool, ...]:
    """The needed tools and others beside them, 5 to 20 in all, in an order that tells nothing."""
    needed = {call.name for task in plan.sub_tasks for call in task.calls}
    needed |= {task.goal for task in plan.sub_tasks}
    chosen = [tool for tool in pack.tools if tool.name in needed]
    others = [tool for tool in (*pack.tools, *distractors) if tool.name not in needed]
    others = list({tool.name: tool for tool in others}.values())
    fewest = max(_FEWEST_TOOLS, len(chosen))
    wanted = chance.randint(
        min(fewest + 1, _MOST_TOOLS), max(fewest + 1, min(_MOST_TOOLS, len(pack.tools) + 4))
    )
    chosen += chance.sample(others, min(len(others), max(0, wanted - len(chosen))))
    chance.shuffle(chosen)
    return tuple(declared(tool) for tool in chosen)


def declared(tool: ToolSpec) -> DeclaredTool:
    """A tool as models and data sets see it, without what only the planner and the sandbox need."""
    function = tool.declaration["function"]
    return DeclaredTool(name=tool.name, description=tool.description, parameters=function["parameters"])
