"""The runtime on real worker processes."""

from __future__ import annotations

import itertools
from pathlib import Path

import anyio
import pytest

import sandbox
from sandbox import (
    Call,
    Fault,
    FaultKind,
    IsolationLevel,
    JsonObject,
    JsonValue,
    OpenedPack,
    Pack,
    PackError,
    PlannedFault,
    ProcessRuntime,
    Returned,
    Snapshot,
    Trajectory,
    UnknownWorld,
    open_runtime,
    state_digest,
)
from sandbox.testing import CONFORMANCE, Check, conformance_pack, make_pack, make_tool

LEND = Call(name="lend_book", arguments={"book_id": "B-1", "member_id": "M-1"})


@pytest.mark.parametrize("check", CONFORMANCE, ids=lambda check: str(check.__name__))
async def test_the_process_runtime_conforms(check: Check, runtime: ProcessRuntime) -> None:
    await check(runtime, conformance_pack())


async def test_the_example_tasks_of_a_pack_succeed(runtime: ProcessRuntime, library: Pack) -> None:
    executions = await runtime.run(
        library, [Trajectory(start=task.world, calls=task.calls) for task in library.tasks]
    )
    assert all(isinstance(step.outcome, Returned) for execution in executions for step in execution.steps)


async def test_executions_come_back_in_the_order_of_their_trajectories(
    runtime: ProcessRuntime, library: Pack
) -> None:
    wanted = [Trajectory(start="town", calls=(LEND,) * (number % 3)) for number in range(50)]
    executions = await runtime.run(library, wanted)
    assert [len(execution.steps) for execution in executions] == [number % 3 for number in range(50)]


async def test_nothing_to_run_gives_nothing(runtime: ProcessRuntime, library: Pack) -> None:
    assert await runtime.run(library, []) == ()


async def test_an_unknown_world_is_refused_with_the_known_ones(
    runtime: ProcessRuntime, library: Pack
) -> None:
    with pytest.raises(UnknownWorld, match="town"):
        await runtime.run(library, [Trajectory(start="moon", calls=())])


async def test_the_message_of_invalid_arguments_names_the_path(
    runtime: ProcessRuntime, library: Pack
) -> None:
    call = Call(name="lend_book", arguments={"book_id": "B-1", "member_id": "M-1", "days": 99})
    outcome = (await runtime.run(library, [Trajectory(start="town", calls=(call,))]))[0].steps[0].outcome
    assert isinstance(outcome, Fault)
    assert outcome.kind is FaultKind.INVALID_ARGUMENTS
    assert "$.days" in outcome.message


@pytest.mark.parametrize("value", [float("nan"), 2**80, "\ud800"])
async def test_arguments_that_are_not_plain_json_are_invalid(
    runtime: ProcessRuntime, library: Pack, value: float | str
) -> None:
    call = Call(name="find_books", arguments={"limit": value})
    outcome = (await runtime.run(library, [Trajectory(start="town", calls=(call,))]))[0].steps[0].outcome
    assert isinstance(outcome, Fault)
    assert outcome.kind is FaultKind.INVALID_ARGUMENTS


async def test_a_call_that_is_late_harms_only_itself() -> None:
    pack = make_pack(
        f'{SLOW}\n\ndef live(state, ctx):\n    return state["t"]["r"]["x"]\n',
        (make_tool("late", touches=("large",)), make_tool("live", effect="read")),
        world={"t": {"r": {"x": 0}}, "large": {"rows": [[[{}]] * 3] * 40_000}},
    )
    guilty = Trajectory(start="only", calls=(Call(name="live"), Call(name="late"), Call(name="live")))
    innocent = Trajectory(start="only", calls=(Call(name="live"),))
    async with open_runtime(
        workers=1, batch_seconds=0.3, call_seconds=0.3, trusted={pack.digest}
    ) as runtime:  # unmetered, a call can be as slow as it likes
        executions = await runtime.run(pack, [innocent, guilty, innocent])
    assert [step.outcome for step in executions[0].steps] == [Returned(0)]
    assert [step.outcome for step in executions[2].steps] == [Returned(0)]
    kinds = [step.outcome.kind if isinstance(step.outcome, Fault) else None for step in executions[1].steps]
    assert kinds == [None, FaultKind.TIMEOUT, None]
    assert executions[1].final.calls_made == 3


SLOW = """def late(state, ctx):
    while True:
        pass"""


async def test_a_pack_whose_schema_asks_for_too_much_is_never_loaded(runtime: ProcessRuntime) -> None:
    far = {"$ref": "http://example.com/far.json"}
    pack = make_pack("def x(state, ctx):\n    return 1\n", (make_tool("x", returns=far),))
    with pytest.raises(PackError, match=r"x\.returns.*is not local"):
        await runtime.run(pack, [Trajectory(start="only", calls=())])


async def test_a_batch_survives_more_packs_than_a_worker_holds(runtime: ProcessRuntime) -> None:
    for number in range(70):
        pack = make_pack(f"def tool(state, ctx):\n    return {number}\n", (make_tool("tool"),))
        execution = (await runtime.run(pack, [Trajectory(start="only", calls=(Call(name="tool"),))]))[0]
        assert execution.steps[0].outcome == Returned(number)


async def test_a_cancelled_run_leaves_the_pool_usable(library: Pack) -> None:
    endless = make_pack(SLOW, (make_tool("late", touches=("large",)),), world={"large": {}})
    async with open_runtime(workers=1) as runtime:
        with anyio.move_on_after(0.2) as scope:
            await runtime.run(endless, [Trajectory(start="only", calls=(Call(name="late"),) * 500)])
        assert scope.cancelled_caught
        executions = await runtime.run(library, [Trajectory(start="town", calls=(LEND,))])
        assert isinstance(executions[0].steps[0].outcome, Returned)


async def test_concurrent_runs_share_the_workers(runtime: ProcessRuntime, library: Pack) -> None:
    digests: list[str] = []

    async def run_one() -> None:
        execution = (await runtime.run(library, [Trajectory(start="town", calls=(LEND,))]))[0]
        digests.append(execution.final_state_digest)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(run_one)
    assert len(digests) == 20
    assert len(set(digests)) == 1


async def test_a_session_keeps_its_world_between_calls(library: OpenedPack) -> None:
    async with library.session("town") as session:
        first = await session.call("lend_book", LEND.arguments)
        second = await session.call("lend_book", LEND.arguments)
        assert first != second
        assert session.snapshot.calls_made == 2
        assert session.state_digest == state_digest(session.snapshot.state)


def test_the_synchronous_front_runs_without_an_event_loop(library: Pack) -> None:
    executions = sandbox.run(library, [Trajectory(start="town", calls=(LEND,))])
    assert isinstance(executions[0].steps[0].outcome, Returned)


async def test_the_order_of_a_state_s_keys_changes_nothing(runtime: ProcessRuntime, library: Pack) -> None:
    calls = tuple(itertools.chain(library.tasks[0].calls, (LEND, Call(name="find_books"))))
    state = library.worlds["town"]
    turned = {table: _turned(rows) for table, rows in reversed(list(state.items()))}
    one, other = await runtime.run(
        library,
        [Trajectory(start=Snapshot(world="town", state=given), calls=calls) for given in (state, turned)],
    )
    assert one == other


def _turned(rows: JsonValue) -> JsonValue:
    assert isinstance(rows, dict)
    return dict(reversed(list(rows.items())))


async def test_workers_are_confined_as_strongly_as_linux_can(runtime: ProcessRuntime) -> None:
    assert runtime.isolation.level is IsolationLevel.STRONG, runtime.isolation


def test_the_packs_folder_is_found() -> None:
    assert Path(sandbox.pack_folder(Path(__file__).parent / "packs" / "library")).is_dir()


async def test_a_dialogue_of_more_calls_than_a_message_holds_is_one_dialogue_all_the_same(
    runtime: ProcessRuntime,
) -> None:
    planned = PlannedFault(kind=FaultKind.TIMEOUT, code="timeout", message="late")
    calls = (Call(name="draw"), Call(name="add", arguments={"amount": 1})) * 1_250
    long = Trajectory(start="only", calls=calls, faults={2_001: planned}, keep_final=False)
    short = Trajectory(start="only", calls=calls[:3])
    whole, part = await runtime.run(conformance_pack(), [long, short])
    assert whole.steps[:3] == part.steps
    assert isinstance(whole.steps[2_001].outcome, Fault)
    assert whole.steps[-1].outcome == Returned({"sum": 1_249})
    drawn = {repr(step.outcome) for step in whole.steps[::2]}
    assert len(drawn) == 1_250
    with pytest.raises(ValueError, match="keep_final"):
        _ = whole.final


async def test_snapshots_too_large_for_one_message_come_in_several(runtime: ProcessRuntime) -> None:
    source = 'def put(state, ctx):\n    state["large"]["n"] += 1\n    return state["large"]["n"]\n'
    world: JsonObject = {"large": {"n": 0, "rows": [[[]]] * 60_000}}
    pack = make_pack(source, (make_tool("put", touches=("large",)),), world=world)
    calls = (Call(name="put"),) * 9
    (short,) = await runtime.run(pack, [Trajectory(start="only", calls=calls)])
    workers = {worker.pid for worker in runtime._pool._idle}
    (kept,) = await runtime.run(pack, [Trajectory(start="only", calls=calls, keep_snapshots=True)])
    assert {worker.pid for worker in runtime._pool._idle} == workers
    assert [step.outcome for step in kept.steps] == [Returned(number) for number in range(1, 10)]
    assert [step.state_digest for step in kept.steps] == [step.state_digest for step in short.steps]
    snapshots = [step.snapshot for step in kept.steps if step.snapshot is not None]
    assert [snapshot.calls_made for snapshot in snapshots] == list(range(1, 10))
    assert [state_digest(snapshot.state) for snapshot in snapshots[::4]] == [
        step.state_digest for step in kept.steps[::4]
    ]


PLANNED = {
    "rate limit": PlannedFault(kind=FaultKind.TOOL_ERROR, code="rate_limit", message="Too many requests."),
    "timeout": PlannedFault(kind=FaultKind.TIMEOUT, code="timeout", message="No answer."),
    "declared error": PlannedFault(kind=FaultKind.TOOL_ERROR, code="refused", message="It never works."),
}


@pytest.mark.parametrize("planned", PLANNED.values(), ids=PLANNED.keys())
async def test_a_planned_fault_keeps_the_tool_from_running(
    planned: PlannedFault, runtime: ProcessRuntime
) -> None:
    add = Call(name="add", arguments={"amount": 3})
    trajectory = Trajectory(start="only", calls=(add, add), faults={0: planned})
    steps = (await runtime.run(conformance_pack(), [trajectory]))[0].steps
    assert steps[0].outcome == Fault(planned.kind, planned.code, planned.message)
    assert steps[1].outcome == Returned({"sum": 3})


@pytest.mark.parametrize("trusted", [False, True], ids=["confined", "trusted"])
async def test_a_truncated_result_is_cut_short_after_the_tool_did_its_work(*, trusted: bool) -> None:
    pack = conformance_pack()
    planned = PlannedFault(kind=FaultKind.INVALID_RESULT, code="truncated_result", message="Cut off:")
    add = Call(name="add", arguments={"amount": 3})
    failing = Call(name="add_then_fail", arguments={"amount": 3})
    trajectory = Trajectory(start="only", calls=(add, add, failing), faults={0: planned, 2: planned})
    async with open_runtime(workers=1, trusted={pack.digest} if trusted else ()) as runtime:
        steps = (await runtime.run(pack, [trajectory]))[0].steps
    assert steps[0].outcome == Fault(FaultKind.INVALID_RESULT, "truncated_result", 'Cut off: {"su')
    assert steps[1].outcome == Returned({"sum": 6})
    assert steps[2].outcome == Fault(FaultKind.TOOL_ERROR, "refused", "after a change")
