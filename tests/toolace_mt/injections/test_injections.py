"""Each kind of injection, over many drafts of the shipped packs."""

import random
from dataclasses import dataclass

import pytest

from sandbox import Call, Fault, FaultKind, Trajectory
from toolace_mt.chance import source_of_chance
from toolace_mt.dialogue import AssistantTurn, CallTurn, ResultTurn, UserTurn
from toolace_mt.draft import Draft, Injection, SlotKind
from toolace_mt.injections import INJECTIONS
from toolace_mt.injections.error_simulation import misspelt
from toolace_mt.phrases import say
from toolace_mt.stages.inject import drawn_kinds, inject
from toolace_mt.stages.verify import verify
from toolace_mt.testing import Stage

SEEDS = range(10)
KINDS = tuple(INJECTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    stage: Stage
    before: Draft
    after: Draft

    @property
    def entry(self) -> Injection:
        return self.after.injections[-1]

    @property
    def opening(self) -> str:
        """The opening message of the sub-task that was changed."""
        return next(
            text
            for _, slot, text in self.after.spoken_turns()
            if slot.kind is SlotKind.REQUEST and slot.sub_task == self.entry.sub_task
        )


@pytest.fixture(scope="session")
async def injected(stages: dict[str, Stage]) -> dict[str, tuple[Injected, ...]]:
    """What each kind made of ten drafts of each pack; those that it left alone are not in it."""
    made: dict[str, list[Injected]] = {kind: [] for kind in KINDS}
    for stage in stages.values():
        for seed in SEEDS:
            before = await stage.draft(seed)
            for kind in KINDS:
                after = await inject(before, kind, source_of_chance(seed, kind), stage.run)
                if after is not before:
                    made[kind].append(Injected(stage=stage, before=before, after=after))
    return {kind: tuple(cases) for kind, cases in made.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_fits_into_some_dialogue_of_every_pack(
    injected: dict[str, tuple[Injected, ...]], stages: dict[str, Stage], kind: str
) -> None:
    assert {case.stage.pack.name for case in injected[kind]} == stages.keys()
    assert len(injected[kind]) >= len(stages) * len(SEEDS) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_dialogue_stays_complete_grows_by_observations_and_actions_and_logs_it(
    injected: dict[str, tuple[Injected, ...]], kind: str
) -> None:
    for case in injected[kind]:
        assert case.after.dialogue.is_complete
        grown = len(case.after.dialogue.turns) - len(case.before.dialogue.turns)
        assert grown == (4 if kind == "error_simulation" else 2)
        assert case.entry.kind == kind
        assert case.entry.detail
        assert case.after.injections[:-1] == case.before.injections


@pytest.mark.parametrize("kind", KINDS)
async def test_an_injection_breaks_no_rule_that_the_dialogue_kept_before(
    injected: dict[str, tuple[Injected, ...]], kind: str
) -> None:
    for case in injected[kind]:
        before = await verify(case.before, case.stage.pack, case.stage.run)
        after = await verify(case.after, case.stage.pack, case.stage.run)
        new = {fault.rule for fault in after.faults} - {fault.rule for fault in before.faults}
        assert not new, (case.after.id, case.stage.pack.name, after.faults)


@pytest.mark.parametrize("kind", ["clarification", "non_function_calling"])
def test_an_injection_of_words_alone_leaves_every_call_and_result(
    injected: dict[str, tuple[Injected, ...]], kind: str
) -> None:
    for case in injected[kind]:
        assert case.after.dialogue.calls() == case.before.dialogue.calls()
        assert case.after.steps == case.before.steps


def test_a_clarified_value_is_not_in_the_request_and_is_given_in_the_answer(
    injected: dict[str, tuple[Injected, ...]],
) -> None:
    for case in injected["clarification"]:
        parameter = case.entry.detail.removeprefix("left out ")
        task = case.after.plan.sub_tasks[case.entry.sub_task]
        said = next(said for said in task.said if said.parameter == parameter)
        exchange = [
            (slot, text)
            for _, slot, text in case.after.spoken_turns()
            if slot.sub_task == case.entry.sub_task
        ]
        assert [slot.kind for slot, _ in exchange] == [
            SlotKind.REQUEST,
            SlotKind.QUESTION,
            SlotKind.ANSWER,
            SlotKind.REPORT,
        ]
        (request, question, (answer_slot, answer)) = (exchange[0][1], exchange[1][1], exchange[2])
        (fact,) = answer_slot.coarse.facts
        assert fact in answer
        assert fact not in request
        assert str(said.value) not in request
        assert question.endswith("?")


async def test_a_simulated_error_is_the_tools_own_when_the_dialogue_is_executed_afresh(
    injected: dict[str, tuple[Injected, ...]],
) -> None:
    for case in injected["error_simulation"]:
        calls = tuple(Call(name=call.name, arguments=call.arguments) for call in case.after.dialogue.calls())
        execution = await case.stage.run(Trajectory(start=case.after.plan.world, calls=calls))
        faults = [step.outcome for step in execution.steps if isinstance(step.outcome, Fault)]
        assert len(faults) == 1
        assert faults[0].kind is FaultKind.TOOL_ERROR
        declared = {tool.name: tool.errors for tool in case.stage.pack.tools}
        failing = next(
            call for call, step in zip(calls, execution.steps, strict=True) if isinstance(step.outcome, Fault)
        )
        assert faults[0].code in declared[failing.name]
        assert [step.outcome for step in case.after.steps] == [step.outcome for step in execution.steps]


async def test_a_simulated_error_changes_nothing_in_the_world(
    injected: dict[str, tuple[Injected, ...]],
) -> None:
    for case in injected["error_simulation"]:
        assert case.after.final_state_digest == case.before.final_state_digest
        calls = tuple(Call(name=call.name, arguments=call.arguments) for call in case.after.dialogue.calls())
        execution = await case.stage.run(Trajectory(start=case.after.plan.world, calls=calls))
        assert execution.final_state_digest == case.before.final_state_digest


def test_after_an_error_the_assistant_says_why_and_the_user_corrects_it(
    injected: dict[str, tuple[Injected, ...]],
) -> None:
    for case in injected["error_simulation"]:
        turns = case.after.dialogue.turns
        place = next(
            place
            for place, turn in enumerate(turns)
            if isinstance(turn, ResultTurn) and turn.results[0].failed
        )
        failing, failure, answer, again = (
            turns[place - 1],
            turns[place + 1],
            turns[place + 2],
            turns[place + 3],
        )
        assert isinstance(failing, CallTurn)
        assert isinstance(again, CallTurn)
        assert isinstance(failure, AssistantTurn)
        assert isinstance(answer, UserTurn)
        wrong, right = failing.calls[0].arguments, again.calls[0].arguments
        (changed,) = [name for name in right if wrong.get(name) != right[name]]
        task = case.after.plan.sub_tasks[case.entry.sub_task]
        said = next(said for said in task.said if said.parameter == changed)
        spoken = (str(wrong[changed]), *say(said.clause, wrong[changed]).facts)
        assert any(fact in case.opening for fact in spoken)
        slot = case.after.slots[place + 2]
        assert slot is not None
        assert all(fact in answer.text for fact in slot.coarse.facts)


def test_small_talk_stands_between_two_sub_tasks(injected: dict[str, tuple[Injected, ...]]) -> None:
    for case in injected["non_function_calling"]:
        assert case.entry.sub_task > 0
        places = [place for place, slot, _ in case.after.spoken_turns() if slot.kind is SlotKind.CHAT]
        assert len(places) == 1
        kinds = [slot.kind if (slot := case.after.slots[places[0] + step]) else None for step in (-1, 1, 2)]
        assert kinds == [SlotKind.REPORT, SlotKind.CHAT_REPLY, SlotKind.REQUEST]


async def test_no_sub_task_is_touched_twice_however_often_kinds_are_drawn(stages: dict[str, Stage]) -> None:
    for stage in stages.values():
        for seed in range(4):
            draft = await stage.draft(seed)
            chance = random.Random(seed)
            for kind in (*KINDS, *KINDS):
                draft = await inject(draft, kind, chance, stage.run)
            touched = [entry.sub_task for entry in draft.injections]
            assert len(set(touched)) == len(touched)
            assert draft.dialogue.is_complete


async def test_an_injection_depends_on_nothing_but_its_chance(retail: Stage) -> None:
    draft = await retail.draft(3)
    for kind in KINDS:
        twice = [await inject(draft, kind, random.Random(5), retail.run) for _ in range(2)]
        assert twice[0] == twice[1]


def test_one_to_three_different_kinds_are_drawn() -> None:
    drawn = [drawn_kinds(KINDS, random.Random(seed)) for seed in range(50)]
    assert {len(kinds) for kinds in drawn} == {1, 2, 3}
    assert all(len(set(kinds)) == len(kinds) for kinds in drawn)
    assert drawn_kinds((), random.Random(0)) == ()
    assert drawn_kinds(("clarification",), random.Random(0)) == ("clarification",)


@pytest.mark.parametrize(
    ("value", "is_misspelt"),
    [("W3021", True), ("a@b.org", True), ("/docs/plan.md", True), ("lamp", False), (7, False), ("11", False)],
)
def test_people_mistype_what_they_copy_and_not_the_words_they_choose(
    value: object, is_misspelt: bool
) -> None:
    wrong = misspelt(value, random.Random(0))  # type: ignore[arg-type]  # any JSON value may come
    assert (wrong is not None) is is_misspelt
    if isinstance(wrong, str):
        assert wrong != value
        assert sorted(wrong) == sorted(str(value))
