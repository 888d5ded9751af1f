"""Plans made by walking the shipped packs: many seeds, each plan executed again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from sandbox import Call, Pack, Returned, Snapshot, Trajectory, open_pack, state_digest
from sandbox.testing import make_pack, make_tool
from toolace_mt.chance import source_of_chance
from toolace_mt.dialogue import ToolCall
from toolace_mt.draft import Draft, SlotKind
from toolace_mt.phrases import say, slots_of
from toolace_mt.plan import Choice, Plan, SubTask
from toolace_mt.planners.sources import properties_of, required_of, sources_of
from toolace_mt.planners.walk import PlanError, walk
from toolace_mt.testing import Stage, stage_of
from toolace_mt.transcript import JsonObject

SEEDS = range(30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    stage: Stage
    seed: int
    draft: Draft

    @property
    def plan(self) -> Plan:
        return self.draft.plan

    def sub_tasks(self) -> Iterator[tuple[SubTask, str]]:
        """Each sub-task with its opening message."""
        openings = [text for _, slot, text in self.draft.spoken_turns() if slot.kind is SlotKind.REQUEST]
        yield from zip(self.plan.sub_tasks, openings, strict=True)


@pytest.fixture(scope="session")
async def planned(stages: dict[str, Stage]) -> tuple[Planned, ...]:
    """Thirty plans of each shipped pack, each laid out."""
    return tuple(
        [
            Planned(stage=stage, seed=seed, draft=await stage.draft(seed))
            for stage in stages.values()
            for seed in SEEDS
        ]
    )


def test_a_plan_has_two_to_five_sub_tasks_of_one_to_six_calls(planned: tuple[Planned, ...]) -> None:
    for case in planned:
        assert 2 <= len(case.plan.sub_tasks) <= 5
        assert all(1 <= len(task.calls) <= 6 for task in case.plan.sub_tasks)
        assert all(task.calls[-1].name == task.goal for task in case.plan.sub_tasks)


async def test_the_steps_of_a_plan_are_those_of_its_calls_in_one_run_from_its_world(
    planned: tuple[Planned, ...],
) -> None:
    for case in planned[::5]:
        calls = tuple(
            Call(name=call.name, arguments=call.arguments)
            for task in case.plan.sub_tasks
            for call in task.calls
        )
        whole = await case.stage.run(Trajectory(start=case.plan.world, calls=calls, keep_snapshots=True))
        assert tuple(step for task in case.plan.sub_tasks for step in task.steps) == whole.steps


def test_the_seeds_reach_every_number_of_sub_tasks(planned: tuple[Planned, ...]) -> None:
    assert {len(case.plan.sub_tasks) for case in planned} == {2, 3, 4, 5}


def test_no_two_sub_tasks_want_the_same(planned: tuple[Planned, ...]) -> None:
    for case in planned:
        goals = [task.goal for task in case.plan.sub_tasks]
        assert len(set(goals)) == len(goals)


async def test_a_dialogue_in_joined_packs_has_a_sub_task_in_each(stages: dict[str, Stage]) -> None:
    pack = open_pack("travel+calendar")
    stage = stage_of(pack, stages["travel"].runtime)
    for seed in SEEDS:
        goals = {task.goal for task in (await stage.draft(seed)).plan.sub_tasks}
        assert all(goals & {tool.name for tool in part.tools} for part in pack.parts), (seed, goals)


async def test_every_call_works_when_all_are_executed_from_a_fresh_world(
    planned: tuple[Planned, ...],
) -> None:
    for case in planned:
        calls = tuple(
            Call(name=call.name, arguments=call.arguments)
            for task in case.plan.sub_tasks
            for call in task.calls
        )
        execution = await case.stage.run(Trajectory(start=case.plan.world, calls=calls))
        assert all(isinstance(step.outcome, Returned) for step in execution.steps), (case.seed, calls)
        assert execution.final_state_digest == case.draft.final_state_digest


def test_no_call_is_made_again_when_nothing_was_written_since(planned: tuple[Planned, ...]) -> None:
    for case in planned:
        reads = {tool.name for tool in case.stage.pack.tools if tool.effect == "read"}
        since_write: list[ToolCall] = []
        for call in case.draft.dialogue.calls():
            assert call not in since_write, (case.stage.pack.name, case.seed, call)
            since_write = [*since_write, call] if call.name in reads else [call]


def test_every_required_argument_is_given_and_none_that_is_not_declared(planned: tuple[Planned, ...]) -> None:
    for case in planned:
        tools = {tool.name: tool for tool in case.stage.pack.tools}
        for task in case.plan.sub_tasks:
            for call in task.calls:
                parameters = tools[call.name].parameters
                assert required_of(parameters) <= call.arguments.keys() <= properties_of(parameters).keys()


def test_the_arguments_of_a_call_stand_in_the_order_in_which_its_tool_declares_them(
    planned: tuple[Planned, ...],
) -> None:
    for case in planned:
        tools = {tool.name: tool for tool in case.stage.pack.tools}
        for call in (call for task in case.plan.sub_tasks for call in task.calls):
            declared = properties_of(tools[call.name].parameters)
            assert list(call.arguments) == [name for name in declared if name in call.arguments]


def test_every_value_that_the_user_tells_or_chooses_stands_in_the_request(
    planned: tuple[Planned, ...],
) -> None:
    for case in planned:
        for task, opening in case.sub_tasks():
            covered = {slot for ask in task.asks for slot in slots_of(ask)}
            for said in task.said:
                told = say(said.clause, said.value).facts
                by_clause = all(fact in opening for fact in told)
                assert by_clause or (said.parameter in covered and str(said.value) in opening), (
                    case.seed,
                    said,
                    opening,
                )
            for choice in task.choices:
                assert choice.phrase.text in opening, (case.seed, opening)


def test_what_compares_is_said_only_of_rows_in_view(planned: tuple[Planned, ...]) -> None:
    """Who says "the latest one" means the rows of this sub-task, or of the call right before it."""
    seen = 0
    for case in planned:
        called: list[str] = []
        for task in case.plan.sub_tasks:
            for choice in task.choices:
                listing = _tools_to_compare(case.stage.pack, choice)
                if listing:
                    seen += 1
                    in_view = {*called[-1:], *(call.name for call in task.calls)}
                    assert listing & in_view, (case.seed, choice.phrase.text)
            called.extend(call.name for call in task.calls)
    assert seen > 20


def _tools_to_compare(pack: Pack, choice: Choice) -> set[str]:
    """Name the tools from whose rows the choice's phrase picks the first or last of some order."""
    return {
        str(source["tool"])
        for tool in pack.tools
        for name, schema in properties_of(tool.parameters).items()
        if name == choice.parameter
        for source in sources_of(schema)
        if choice.phrase.text in _comparisons(source)
    }


def _comparisons(source: JsonObject) -> set[str]:
    ways = source.get("select", ())
    assert isinstance(ways, Sequence)
    return {str(way["say"]) for way in ways if isinstance(way, Mapping) and "pick" in way}


def test_what_the_user_tells_is_what_the_calls_use(planned: tuple[Planned, ...]) -> None:
    for case in planned:
        for task in case.plan.sub_tasks:
            used = [value for call in task.calls for value in call.arguments.values()]
            flat = [part for value in used for part in (value if isinstance(value, list) else [value])]
            assert all(said.value in used or said.value in flat for said in task.said), (case.seed, task)


def test_an_alternative_is_never_the_value_itself(planned: tuple[Planned, ...]) -> None:
    for case in planned:
        for task in case.plan.sub_tasks:
            assert all(said.value not in said.alternatives for said in task.said)


def test_five_to_twenty_tools_are_on_offer_and_the_needed_ones_are_among_them(
    planned: tuple[Planned, ...],
) -> None:
    for case in planned:
        offered = [tool.name for tool in case.draft.dialogue.tools]
        assert 5 <= len(offered) <= 20
        assert len(set(offered)) == len(offered)
        assert {call.name for call in case.draft.dialogue.calls()} <= set(offered)


def test_distractors_stand_beside_the_needed_tools_in_no_telling_order(planned: tuple[Planned, ...]) -> None:
    for case in planned:
        needed = {call.name for call in case.draft.dialogue.calls()}
        assert needed < {tool.name for tool in case.draft.dialogue.tools}
    firsts = [
        case.draft.dialogue.tools[0].name in {c.name for c in case.draft.dialogue.calls()} for case in planned
    ]
    assert {True, False} == set(firsts)


def test_what_only_the_planner_needs_is_not_shown(planned: tuple[Planned, ...]) -> None:
    for case in planned:
        for tool in case.draft.dialogue.tools:
            assert tool.parameters is not None
            for schema in properties_of(tool.parameters).values():
                assert not [key for key in schema if key.startswith("x-")]


async def test_the_same_seed_gives_the_same_draft(planned: tuple[Planned, ...]) -> None:
    for case in planned[::10]:
        assert await case.stage.draft(case.seed) == case.draft


def test_different_seeds_give_different_plans(planned: tuple[Planned, ...]) -> None:
    for name in {case.stage.pack.name for case in planned}:
        plans = [case.plan for case in planned if case.stage.pack.name == name]
        assert sum(plan not in plans[:place] for place, plan in enumerate(plans)) >= len(plans) - 1


async def test_planning_leaves_the_packs_worlds_as_they_were(stages: dict[str, Stage]) -> None:
    for stage in stages.values():
        before = {name: state_digest(state) for name, state in stage.pack.worlds.items()}
        await stage.draft(99)
        assert {name: state_digest(state) for name, state in stage.pack.worlds.items()} == before


async def test_a_world_without_two_goals_is_named_in_the_error(retail: Stage) -> None:
    pack = make_pack("def look(state, ctx):\n    return {}\n", (make_tool("look", effect="read"),))
    stage = stage_of(pack, retail.runtime)
    start = Snapshot(world="only", state=pack.worlds["only"])
    with pytest.raises(PlanError, match="pack made-up, world only: fewer than two goals"):
        await walk(pack, start, source_of_chance(0), stage.execute)
