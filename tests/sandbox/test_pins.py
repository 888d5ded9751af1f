"""The pinned packs, and that the trusted lane does what the confined one does."""

from __future__ import annotations

import ast
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox import (
    Fault,
    ProcessRuntime,
    Returned,
    Trajectory,
    open_pack,
    open_runtime,
    pack_folder,
    pinned_digests,
    shipped_packs,
)
from sandbox.language.policy import check_source, parse_source
from sandbox.packs.pins import read_pins
from sandbox.schema import lint_schema
from tests.sandbox.dialogues import drawn_dialogues


@pytest.mark.parametrize("name", shipped_packs())
def test_every_shipped_pack_is_pinned_as_it_is(name: str) -> None:
    assert read_pins().get(name) == open_pack(name).digest, "changed? read it, then run make pins"


def test_only_shipped_packs_are_pinned() -> None:
    assert set(read_pins()) == set(shipped_packs())
    assert len(pinned_digests()) == len(shipped_packs())


@pytest.mark.parametrize("name", shipped_packs())
def test_every_pinned_pack_passes_what_is_not_asked_again_when_it_runs(name: str) -> None:
    pack = open_pack(name)
    check_source(parse_source(pack.source))
    lint_schema(pack.state_schema)
    for tool in pack.tools:
        lint_schema(tool.parameters)
        lint_schema(tool.returns)


@pytest.mark.parametrize("name", shipped_packs())
def test_no_pinned_pack_uses_sets_whose_order_plain_code_would_leave_to_hashes(name: str) -> None:
    nodes = list(ast.walk(ast.parse(open_pack(name).source)))
    assert not any(isinstance(node, (ast.Set, ast.SetComp)) for node in nodes)
    assert "set" not in {node.id for node in nodes if isinstance(node, ast.Name)}


@pytest.fixture(scope="module")
async def lanes() -> AsyncIterator[tuple[ProcessRuntime, ProcessRuntime]]:
    async with (
        open_runtime(workers=1) as confined,
        open_runtime(workers=1, trusted=pinned_digests()) as trusted,
    ):
        yield confined, trusted


@pytest.mark.parametrize("name", shipped_packs())
async def test_both_lanes_do_the_same_on_every_example_and_on_what_chance_makes_of_them(
    name: str, lanes: tuple[ProcessRuntime, ProcessRuntime]
) -> None:
    """Whole trajectories and their halves, with snapshots between: outcomes, digests, states and counters."""
    confined, trusted = lanes
    pack = open_pack(name)
    wanted = [
        Trajectory(start=world, calls=calls, keep_snapshots=keep)
        for keep in (True, False)
        for world, calls in drawn_dialogues(pack, random.Random(name), dialogues=120)
    ]
    one, other = await confined.run(pack, wanted), await trusted.run(pack, wanted)
    for left, right in zip(one, other, strict=True):
        assert [step.outcome for step in left.steps] == [step.outcome for step in right.steps]
        assert [step.state_digest for step in left.steps] == [step.state_digest for step in right.steps]
        assert [step.snapshot for step in left.steps] == [step.snapshot for step in right.steps]
        assert left.final == right.final
    faults = {type(step.outcome) for execution in one for step in execution.steps}
    assert faults == {Returned, Fault}
    assert {step.steps_used for execution in other for step in execution.steps} <= {None, 0}


async def test_a_pack_that_changed_by_a_byte_is_confined_again(
    lanes: tuple[ProcessRuntime, ProcessRuntime], tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    shutil.copytree(pack_folder("files"), folder)
    with (folder / "tools.py").open("a") as source:
        source.write("\n# changed\n")
    changed = open_pack(folder)
    task = changed.tasks[0]
    execution = (await lanes[1].run(changed, [Trajectory(start=task.world, calls=task.calls)]))[0]
    assert all(step.steps_used for step in execution.steps)
