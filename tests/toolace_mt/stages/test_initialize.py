"""The coarse dialogue: complete, executed, in the paper's order."""

from sandbox import Returned
from toolace_mt.dialogue import AssistantTurn, CallTurn, ResultTurn, UserTurn
from toolace_mt.draft import SlotKind
from toolace_mt.stages.initialize import declared, system_text
from toolace_mt.testing import Stage

SEEDS = range(4)


async def test_a_draft_is_complete_and_one_sub_trajectory_follows_the_other(retail: Stage) -> None:
    for seed in SEEDS:
        draft = await retail.draft(seed)
        assert draft.dialogue.is_complete
        expected: list[type] = []
        for task in draft.plan.sub_tasks:
            expected += [UserTurn, *[CallTurn, ResultTurn] * len(task.calls), AssistantTurn]
        assert [type(turn) for turn in draft.dialogue.turns] == expected
        assert all(
            (slot is None) == isinstance(turn, CallTurn | ResultTurn)
            for slot, turn in zip(draft.slots, draft.dialogue.turns, strict=True)
        )


async def test_the_calls_are_the_plans_and_each_result_is_what_the_tool_returned(retail: Stage) -> None:
    for seed in SEEDS:
        draft = await retail.draft(seed)
        planned = tuple(call for task in draft.plan.sub_tasks for call in task.calls)
        assert draft.dialogue.calls() == planned
        results = [
            result.value
            for turn in draft.dialogue.turns
            if isinstance(turn, ResultTurn)
            for result in turn.results
        ]
        returned = [step.outcome.value for step in draft.steps if isinstance(step.outcome, Returned)]
        assert results == returned


async def test_every_slot_knows_its_sub_task_and_its_words(retail: Stage) -> None:
    draft = await retail.draft(1)
    kinds = [(slot.kind, slot.sub_task) for _, slot, _ in draft.spoken_turns()]
    assert kinds == [
        (kind, index)
        for index in range(len(draft.plan.sub_tasks))
        for kind in (SlotKind.REQUEST, SlotKind.REPORT)
    ]
    assert all(text == slot.coarse.text for _, slot, text in draft.spoken_turns())
    assert all(fact in text for _, slot, text in draft.spoken_turns() for fact in slot.coarse.facts)


async def test_every_state_on_the_way_is_kept(retail: Stage) -> None:
    draft = await retail.draft(2)
    assert draft.snapshot_before_call(0) is draft.start
    for index, step in enumerate(draft.steps):
        assert step.snapshot == draft.snapshot_before_call(index + 1)
        assert step.snapshot is not None
        assert step.snapshot.calls_made == index + 1


def test_the_assistant_is_told_the_service_the_date_and_the_rules(retail: Stage) -> None:
    text = system_text(retail.pack)
    assert retail.pack.policy is not None
    assert text == f"{retail.pack.description}\nToday is 2026-03-02.\n{retail.pack.policy.strip()}"


def test_a_tool_is_declared_without_what_only_the_sandbox_needs(retail: Stage) -> None:
    for tool in retail.pack.tools:
        shown = declared(tool)
        assert (shown.name, shown.description) == (tool.name, tool.description)
        assert "x-source" not in str(shown.parameters)


def test_a_tool_is_declared_as_one_value_however_many_dialogues_have_it(retail: Stage) -> None:
    for tool in retail.pack.tools:
        assert declared(tool) is declared(tool)
        assert declared(tool).parameters == tool.declaration["function"]["parameters"]
