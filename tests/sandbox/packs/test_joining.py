"""Packs that are joined do together what each does alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import chain, zip_longest

import pytest

from sandbox import (
    Call,
    Execution,
    Isolation,
    IsolationLevel,
    Pack,
    PackError,
    ProcessRuntime,
    Returned,
    Snapshot,
    Trajectory,
    join_packs,
    open_pack,
    open_runtime,
    pinned_digests,
    shipped_packs,
)
from sandbox.packs.admission import admit
from sandbox.testing import make_pack, make_tool

PAIRS = (("retail", "calendar"), ("banking", "email"), ("smart-home", "travel"))
ONE = """
def helper(state):
    return state["ones"]

def first(state, ctx):
    helper(state)["A"] += 1
    return {"is": helper(state)["A"]}
"""
OTHER = """
def helper(state):
    return state["others"]

def first_of_all(state, ctx):
    return 0

def first_letter(state, ctx):
    return {"is": list(helper(state))[0]}

def first(state, ctx):
    return "a helper of this pack, and no tool"
"""


def made(name: str, source: str, table: str, *tools: str) -> Pack:
    specs = tuple(make_tool(tool, touches=(table,)) for tool in tools)
    return replace(make_pack(source, specs, world={table: {"A": 1}}), name=name)


@pytest.fixture(scope="module")
async def runtimes() -> AsyncIterator[tuple[ProcessRuntime, ProcessRuntime]]:
    """Both lanes."""
    async with (
        open_runtime(workers=1) as confined,
        open_runtime(workers=1, trusted=pinned_digests()) as trusted,
    ):
        yield confined, trusted


@pytest.mark.parametrize("names", PAIRS)
async def test_a_joined_pack_does_what_its_parts_do(
    names: tuple[str, str], runtimes: tuple[ProcessRuntime, ProcessRuntime]
) -> None:
    """Example tasks of both, call by call in turn; each part's calls see only what its own did."""
    for runtime in runtimes:
        parts = [open_pack(name) for name in names]
        joined = open_pack("+".join(names))
        tasks = [next(task for task in part.tasks if task.world == "default") for part in parts]
        turns = [call for pair in zip_longest(*(task.calls for task in tasks)) for call in pair if call]
        together = await _run(runtime, joined, "default+default", turns)
        for part, task in zip(parts, tasks, strict=True):
            alone = await _run(runtime, part, "default", task.calls)
            own = {tool.name for tool in part.tools}
            outcomes = [
                step.outcome for call, step in zip(turns, together.steps, strict=True) if call.name in own
            ]
            assert outcomes == [step.outcome for step in alone.steps]
            state = together.final.state
            assert {name: state[name] for name in alone.final.state} == alone.final.state


async def _run(
    runtime: ProcessRuntime, pack: Pack, world: str, calls: list[Call] | tuple[Call, ...]
) -> Execution:
    return (await runtime.run(pack, [Trajectory(start=world, calls=tuple(calls))]))[0]


async def test_a_helper_of_one_pack_is_not_the_tool_of_another(
    runtimes: tuple[ProcessRuntime, ProcessRuntime],
) -> None:
    joined = join_packs([made("one", ONE, "ones", "first"), made("other", OTHER, "others", "first_letter")])
    calls = [Call(name="first"), Call(name="first_letter"), Call(name="first_of_all")]
    steps = (await _run(runtimes[0], joined, "only+only", calls)).steps
    assert [step.outcome for step in steps[:2]] == [Returned({"is": 2}), Returned({"is": "A"})]
    assert not isinstance(steps[2].outcome, Returned)


async def test_a_joined_dialogue_goes_on_from_any_snapshot(
    runtimes: tuple[ProcessRuntime, ProcessRuntime],
) -> None:
    joined = join_packs([made("one", ONE, "ones", "first"), made("other", OTHER, "others", "first_letter")])
    calls = (Call(name="first"), Call(name="first_letter"), Call(name="first"))
    kept = Trajectory(start="only+only", calls=calls, keep_snapshots=True)
    whole = (await runtimes[0].run(joined, [kept]))[0]
    after_two = whole.steps[1].snapshot
    assert isinstance(after_two, Snapshot)
    last = (await runtimes[0].run(joined, [Trajectory(start=after_two, calls=calls[2:])]))[0]
    assert last.steps[0].outcome == whole.steps[2].outcome == Returned({"is": 3})
    assert last.final_state_digest == whole.final_state_digest


async def test_code_that_may_not_run_keeps_the_whole_from_running(
    runtimes: tuple[ProcessRuntime, ProcessRuntime],
) -> None:
    bad = made("bad", "import os\ndef second(state, ctx):\n    return 1\n", "others", "second")
    joined = join_packs([made("one", ONE, "ones", "first"), bad])
    assert (await runtimes[0].inspect(joined))["violation"] is not None
    steps = (await _run(runtimes[0], joined, "only+only", [Call(name="first")])).steps
    assert not isinstance(steps[0].outcome, Returned)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ("retail+travel", "more than one has a persona"),
        ("email+calendar", "two of them have a table contacts"),
        ("retail+retail", "persona"),
        ("smart-home+smart-home", "two of them have a tool"),
        ("retail+", "name is missing"),
        ("retail+" + "x" * 300, "no tool pack"),
        ("retail+nowhere", "no tool pack 'nowhere'"),
    ],
)
def test_what_cannot_be_joined_is_refused_in_one_line(names: str, problem: str) -> None:
    with pytest.raises(PackError, match=problem) as refused:
        open_pack(names)
    assert "\n" not in str(refused.value)


def test_packs_of_different_times_or_without_code_are_not_joined() -> None:
    one, other = made("one", ONE, "ones", "first"), made("other", OTHER, "others", "first_letter")
    with pytest.raises(PackError, match="clocks differ"):
        join_packs([one, replace(other, clock="2027-01-01T00:00:00Z")])
    with pytest.raises(PackError, match="made up"):
        join_packs([one, replace(other, mock="recorded")])
    with pytest.raises(PackError, match="combine to 121"):
        join_packs([_with_worlds(one, 11), _with_worlds(other, 11)])


def _with_worlds(pack: Pack, number: int) -> Pack:
    return replace(pack, worlds={f"w{n}": pack.worlds["only"] for n in range(number)})


def test_only_shipped_parts_make_a_joined_pack_a_shipped_one() -> None:
    nothing = Isolation(level=IsolationLevel.NONE, measures=())
    shipped = open_pack("travel+calendar")
    admit(shipped, nothing, IsolationLevel.STRONG)
    mixed = join_packs([made("one", ONE, "ones", "first"), shipped.parts[1]])
    with pytest.raises(Exception, match="not one of the shipped packs"):
        admit(mixed, nothing, IsolationLevel.STRONG)


def test_tools_have_one_name_across_all_shipped_packs() -> None:
    names = [tool.name for pack in map(open_pack, shipped_packs()) for tool in pack.tools]
    assert len(set(names)) == len(names)


def test_the_order_and_the_content_of_the_parts_make_the_digest() -> None:
    digests = {open_pack(name).digest for name in ("travel+calendar", "calendar+travel", "travel+smart-home")}
    assert len(digests | set(chain(pinned_digests()))) == 3 + len(pinned_digests())
