"""Error simulation: a call really fails, the assistant says why, the user corrects it, the call succeeds.

The failing call differs from the planned one in one value that the user told: another value that the same
person might have named, or the same with two characters swapped.  It is executed, and used only when the
tool answers with an error that it declares; so the error in the data is the tool's own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from sandbox import Call, Fault, FaultKind, Snapshot, Step, Trajectory
from toolace_mt.dialogue import AssistantTurn, CallTurn, ResultTurn, ToolCall, UserTurn
from toolace_mt.draft import Draft, Injection, Part, Slot, SlotKind, result_of
from toolace_mt.executing import Run
from toolace_mt.injections.base import first_call, request_position, untouched
from toolace_mt.plan import Said
from toolace_mt.transcript import JsonValue
from toolace_mt.words.coarse import correction_with, failure_about, request_for

__all__ = ["ErrorSimulation", "misspelt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mistake:
    """The user says ``wrong`` for ``said``; the call at turn ``position`` then fails with ``step``."""

    sub_task: int
    position: int
    said: Said
    wrong: JsonValue
    call: ToolCall
    fault: Fault


class ErrorSimulation:
    name = "error_simulation"

    async def apply(self, draft: Draft, chance: random.Random, run: Run) -> Draft | None:
        for index in untouched(draft, chance):
            said = list(draft.plan.sub_tasks[index].said)
            chance.shuffle(said)
            for value in said:
                mistake = await _mistake(draft, index, value, chance, run)
                if mistake is not None:
                    return await _with(draft, mistake, chance, run)
        return None


async def _mistake(draft: Draft, index: int, said: Said, chance: random.Random, run: Run) -> _Mistake | None:
    """Try other values at the first call that uses what was said, each on the world as that call finds it."""
    position = _first_use(draft, index, said)
    if position is None:
        return None
    turn = draft.dialogue.turns[position]
    assert isinstance(turn, CallTurn)
    planned = turn.calls[0]
    wrongs = [value for value in said.alternatives if value != said.value]
    chance.shuffle(wrongs)
    spelt = misspelt(said.value, chance)
    if spelt is not None:
        wrongs.insert(chance.randint(0, 1), spelt)
    before = draft.snapshot_before_call(draft.dialogue.calls_before(position))
    for wrong in wrongs[:5]:
        call = ToolCall(name=planned.name, arguments={**planned.arguments, said.parameter: wrong})
        fault = await _declared_failure(call, before, run)
        if fault is not None:
            return _Mistake(sub_task=index, position=position, said=said, wrong=wrong, call=call, fault=fault)
    return None


def _first_use(draft: Draft, index: int, said: Said) -> int | None:
    position = first_call(draft, index)
    while position < len(draft.dialogue.turns):
        turn = draft.dialogue.turns[position]
        if not isinstance(turn, CallTurn | ResultTurn):
            return None
        if isinstance(turn, CallTurn) and turn.calls[0].arguments.get(said.parameter) == said.value:
            return position
        position += 1
    return None


async def _declared_failure(call: ToolCall, before: Snapshot, run: Run) -> Fault | None:
    tried = (Call(name=call.name, arguments=call.arguments),)
    execution = await run(Trajectory(start=before, calls=tried, keep_final=False))
    outcome = execution.steps[0].outcome
    if isinstance(outcome, Fault) and outcome.kind is FaultKind.TOOL_ERROR:
        return outcome
    return None


def misspelt(value: JsonValue, chance: random.Random) -> JsonValue:
    """An id, address or path with two neighbouring letters or digits swapped; None for other values.

    People mistype what they copy, not the words that they choose.
    """
    if not isinstance(value, str) or not any(sign.isdigit() or sign in "@/._" for sign in value):
        return None
    places = [
        place
        for place in range(1, len(value) - 1)
        if value[place].isalnum() and value[place + 1].isalnum() and value[place] != value[place + 1]
    ]
    if not places:
        return None
    place = chance.choice(places)
    return value[:place] + value[place + 1] + value[place] + value[place + 2 :]


async def _with(draft: Draft, mistake: _Mistake, chance: random.Random, run: Run) -> Draft | None:
    k = draft.dialogue.calls_before(mistake.position)
    steps = await _executed_again(draft, k, mistake.call, run)
    if [step.outcome for step in steps[1:]] != [step.outcome for step in draft.steps[k:]]:
        return None
    task = draft.plan.sub_tasks[mistake.sub_task]
    request = request_for(task, chance, first=mistake.sub_task == 0, instead=(mistake.said, mistake.wrong))
    failure = failure_about(mistake.fault.message, (str(mistake.wrong),), chance)
    correction = correction_with(mistake.said, chance)
    opening = request_position(draft, mistake.sub_task)
    draft = draft.with_slots({opening: Slot(kind=SlotKind.REQUEST, parts=request, sub_task=mistake.sub_task)})
    turns = (
        CallTurn((mistake.call,)),
        ResultTurn((result_of(steps[0]),)),
        AssistantTurn(failure.text),
        UserTurn(correction.text),
    )
    said = [
        Slot(kind=kind, parts=(Part(kind, phrase),), sub_task=mistake.sub_task)
        for kind, phrase in ((SlotKind.FAILURE, failure), (SlotKind.ANSWER, correction))
    ]
    at = mistake.position
    detail = f"{mistake.call.name} fails with {mistake.fault.code} for another {mistake.said.parameter}"
    injection = Injection(kind=ErrorSimulation.name, sub_task=mistake.sub_task, detail=detail)
    return replace(
        draft,
        dialogue=draft.dialogue.extend(at, turns),
        slots=(*draft.slots[:at], None, None, *said, *draft.slots[at:]),
        steps=(*draft.steps[:k], *steps),
        injections=(*draft.injections, injection),
    )


async def _executed_again(draft: Draft, k: int, call: ToolCall, run: Run) -> tuple[Step, ...]:
    """The new call and all that follow, from the world before call ``k``; what went before stays."""
    calls = (call, *draft.dialogue.calls()[k:])
    execution = await run(
        Trajectory(
            start=draft.snapshot_before_call(k),
            calls=tuple(Call(name=c.name, arguments=c.arguments) for c in calls),
            keep_snapshots=True,
            keep_final=False,
        )
    )
    return execution.steps
