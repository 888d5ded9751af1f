"""Stage 1, coarse-grained initialization: a complete dialogue in plain words around executed calls.

As in the paper (arXiv 2508.12685, section 3.1), a dialogue is one sub-trajectory per sub-task: the user's
message holds every needed value, then calls and results alternate, then the assistant answers.  Ours: the
results are those of the plan, whose calls the sandbox executed, and the words come from the tools' own
descriptions and phrases.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from sandbox import Pack, Snapshot, ToolSpec
from toolace_mt.chance import source_of_chance
from toolace_mt.dialogue import AssistantTurn, CallTurn, Dialogue, ResultTurn, Turn, UserTurn
from toolace_mt.draft import Draft, Slot, SlotKind, result_of
from toolace_mt.plan import Plan, SubTask
from toolace_mt.same import Same
from toolace_mt.transcript import DeclaredTool
from toolace_mt.words.coarse import report_of, request_for

__all__ = ["declared", "initialize", "system_text"]

_FEWEST_TOOLS: Final = 5
_MOST_TOOLS: Final = 20


def initialize(
    *, id: str, seed: int, pack: Pack, start: Snapshot, plan: Plan, distractors: Sequence[ToolSpec]
) -> Draft:
    """Lay out the whole dialogue of a plan that was walked from ``start``."""
    chance = source_of_chance(seed, "initialize")
    turns: list[Turn] = []
    slots: list[Slot | None] = []
    for index, task in enumerate(plan.sub_tasks):
        _lay_out(index, task, chance, turns, slots)
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
        steps=tuple(step for task in plan.sub_tasks for step in task.steps),
    )


def _lay_out(
    index: int,
    task: SubTask,
    chance: random.Random,
    turns: list[Turn],
    slots: list[Slot | None],
) -> None:
    request = request_for(task, chance, first=index == 0)
    asked = Slot(kind=SlotKind.REQUEST, parts=request, sub_task=index)
    turns.append(UserTurn(asked.coarse.text))
    slots.append(asked)
    for call, step in zip(task.calls, task.steps, strict=True):
        turns += [CallTurn((call,)), ResultTurn((result_of(step),))]
        slots += [None, None]
    report = report_of(task, result_of(task.steps[-1]).value)
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
    """A tool as models and data sets see it, without what only the planner and the sandbox need.

    Always the same value for the same tool, so that the rules compile its schema once and not per dialogue.
    """
    return _declared(Same(tool))


@lru_cache(maxsize=2048)
def _declared(key: Same[ToolSpec]) -> DeclaredTool:
    tool = key.one
    function = tool.declaration["function"]
    return DeclaredTool(name=tool.name, description=tool.description, parameters=function["parameters"])
