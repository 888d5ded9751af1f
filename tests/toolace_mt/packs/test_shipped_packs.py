"""What every shipped pack keeps, and that the guide's example is a pack that works."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import (
    Execution,
    JsonValue,
    Pack,
    PackFinding,
    ProcessRuntime,
    Returned,
    ToolSpec,
    Trajectory,
    check_pack,
    open_pack,
    shipped_packs,
)
from sandbox.packs.lint import lint_pack
from toolace_mt.draft import SlotKind
from toolace_mt.phrases import slots_of
from toolace_mt.planners.sources import choices_by_schema, properties_of, required_of, rows_at, sources_of
from toolace_mt.testing import Stage

SHIPPED = (
    "banking",
    "calendar",
    "email",
    "files",
    "healthcare",
    "retail",
    "smart-home",
    "support-desk",
    "travel",
)
SEEDS = range(5)
GUIDE = Path(__file__).parents[3] / "docs" / "packs.md"
_FILE_IN_GUIDE = re.compile(r"^`(library/[^`]+)`\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(params=SHIPPED)
def stage(request: pytest.FixtureRequest, stages: dict[str, Stage]) -> Stage:
    return stages[str(request.param)]


@pytest.fixture
def pack(stage: Stage) -> Pack:
    return stage.pack


def test_nine_packs_are_shipped_with_at_least_ninety_tools(packs: tuple[Pack, ...]) -> None:
    assert shipped_packs() == SHIPPED
    assert sum(len(pack.tools) for pack in packs) >= 90


def test_no_two_packs_have_a_tool_of_the_same_name(packs: tuple[Pack, ...]) -> None:
    names = Counter(tool.name for pack in packs for tool in pack.tools)
    assert [name for name, count in names.items() if count > 1] == []


def test_a_pack_has_at_least_eight_tools_and_three_worlds_of_which_one_is_tight(pack: Pack) -> None:
    assert len(pack.tools) >= 8
    assert len(pack.worlds) >= 3
    assert "tight" in pack.worlds
    assert len(pack.tasks) >= 6


def test_the_files_of_a_pack_agree_with_one_another(pack: Pack) -> None:
    signatures = {tool.name: ("state", "ctx", *properties_of(tool.parameters)) for tool in pack.tools}
    assert lint_pack(pack, signatures, None) == ()


async def test_the_example_tasks_run_in_the_confined_runtime(pack: Pack, runtime: ProcessRuntime) -> None:
    for task in pack.tasks:
        execution = (await runtime.run(pack, [Trajectory(start=task.world, calls=task.calls)]))[0]
        assert _faults(execution) == [], task.ask


def test_the_example_tasks_use_every_world(pack: Pack) -> None:
    assert {task.world for task in pack.tasks} == set(pack.worlds)


def test_every_world_source_leads_to_a_row_in_every_world(pack: Pack) -> None:
    for tool, name, source in _sources(pack):
        if "world" in source:
            for world, state in pack.worlds.items():
                assert rows_at(state, str(source["world"])), (tool.name, name, world)


def test_every_tool_source_is_a_tool_that_comes_with_a_way_to_choose(pack: Pack) -> None:
    """A path to several rows needs a ``select``, for else only a list of one could be used."""
    tools = {tool.name for tool in pack.tools}
    for tool, name, source in _sources(pack):
        if "tool" in source:
            assert source["tool"] in tools
            assert "*" not in str(source["path"]) or source.get("select"), (tool.name, name)


def test_every_required_parameter_of_a_goal_can_be_filled(pack: Pack) -> None:
    for tool in pack.tools:
        for name, schema in properties_of(tool.parameters).items():
            if name in required_of(tool.parameters):
                assert sources_of(schema) or choices_by_schema(schema), (tool.name, name)


def test_a_goal_can_be_asked_for_without_naming_a_value(pack: Pack) -> None:
    """Else the user who leaves a value out speaks the tool's description."""
    for tool in pack.tools:
        if tool.goal and properties_of(tool.parameters):
            assert any(not slots_of(ask) for ask in tool.ask), tool.name


def test_a_goal_has_several_wordings_and_says_its_result(pack: Pack) -> None:
    for tool in pack.tools:
        assert tool.tell, tool.name
        assert len(set(tool.ask)) >= (3 if tool.goal else 0), tool.name


async def test_dialogues_can_be_planned_and_worded_coarsely(stage: Stage) -> None:
    for seed in SEEDS:
        draft = await stage.draft(seed)
        kinds = [slot.kind for _, slot, text in draft.spoken_turns() if text]
        assert kinds.count(SlotKind.REQUEST) == len(draft.plan.sub_tasks) >= 2
        assert kinds.count(SlotKind.REPORT) == len(draft.plan.sub_tasks)


async def test_dialogues_can_be_planned_in_every_world(stage: Stage) -> None:
    for world in stage.pack.worlds:
        assert (await stage.draft(7, world=world)).plan.world == world


def test_the_example_in_the_guide_is_a_pack_without_errors(tmp_path: Path) -> None:
    for name, text in _FILE_IN_GUIDE.findall(GUIDE.read_text(encoding="utf-8")):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    example = open_pack(tmp_path / "library")
    assert [tool.name for tool in example.tools] == ["find_member", "list_loans", "renew_loan"]
    report = check_pack(example, examples=5)
    assert _errors(report.findings) == []
    assert all(covered.successes for covered in report.coverage.values())


def _sources(pack: Pack) -> Iterator[tuple[ToolSpec, str, dict[str, JsonValue]]]:
    for tool in pack.tools:
        for name, schema in properties_of(tool.parameters).items():
            for source in sources_of(schema):
                yield tool, name, dict(source)


def _faults(execution: Execution) -> list[object]:
    return [step.outcome for step in execution.steps if not isinstance(step.outcome, Returned)]


def _errors(findings: tuple[PackFinding, ...]) -> list[PackFinding]:
    return [finding for finding in findings if finding.severity == "error"]
