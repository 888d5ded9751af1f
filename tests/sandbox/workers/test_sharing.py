"""What a template prepares for its workers: it is there in each of them, and nobody sees it."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest

from sandbox import Call, Fault, FaultKind, Trajectory, open_runtime
from sandbox.language.meter import Meter
from sandbox.language.surroundings import Surroundings
from sandbox.state.live_world import LiveWorld
from sandbox.testing import make_pack, make_tool
from sandbox.workers.compiled import compile_source
from sandbox.workers.program import Program, load_program

SOURCE = """
LIMIT = 3

def double(state, ctx, n):
    return n * 2
"""


def program_of(source: str, surroundings: Surroundings) -> Program:
    tool = {"name": "double", "parameters": {}, "returns": {}, "effect": "read", "touches": [], "errors": []}
    tools = {"double": orjson.dumps({**tool, "part": 0}).decode()}
    pack = {"clock": "2026-03-02T09:00:00Z", "worlds": {"only": "{}"}, "tools": tools}
    return load_program(pack, [compile_source(source, trusted=False)], surroundings)


def memory_of(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split()[0]: int(line.split()[1]) for line in lines}


def test_two_packs_in_the_same_surroundings_do_not_see_each_other() -> None:
    surroundings = Surroundings.of(Meter())
    names = dict(surroundings.names)
    one = program_of(SOURCE, surroundings)
    other = program_of("def double(state, ctx, n):\n    return LIMIT\n", surroundings)
    for program, expected in ((one, b"8"), (other, None), (one, b"8")):
        answer, _ = program.call(LiveWorld.fresh(program.world("only")), "double", {"n": 4}, None)
        assert (None if isinstance(answer, Fault) else answer) == expected
    assert surroundings.names == names


def test_a_call_takes_the_same_steps_whoever_charged_the_meter_before() -> None:
    surroundings = Surroundings.of(Meter())
    fresh, after = (program_of(SOURCE, each) for each in (Surroundings.of(Meter()), surroundings))
    spendthrift = program_of("def double(state, ctx, n):\n    return len([0] * n)\n", surroundings)
    spendthrift.call(LiveWorld.fresh(spendthrift.world("only")), "double", {"n": 90_000}, None)
    steps = [
        program.call(LiveWorld.fresh(program.world("only")), "double", {"n": 4}, None)[1]
        for program in (fresh, after)
    ]
    assert steps[0] == steps[1]


async def test_nothing_of_the_rehearsal_is_left_in_a_worker() -> None:
    pack = make_pack(SOURCE, (make_tool("double", parameters={"n": {"type": "integer"}}),), world={"t": {}})
    calls = (Call(name="look", arguments={"key": "a"}), Call(name="double", arguments={"n": 2}))
    async with open_runtime(workers=1) as runtime:
        ((first, second),) = [
            run.steps for run in await runtime.run(pack, [Trajectory(start="only", calls=calls)])
        ]
    assert isinstance(first.outcome, Fault)
    assert first.outcome.kind is FaultKind.UNKNOWN_TOOL
    assert not isinstance(second.outcome, Fault)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
async def test_a_worker_with_a_pack_has_less_of_its_own_than_it_shares() -> None:
    pack = make_pack(SOURCE, (make_tool("double", parameters={"n": {"type": "integer"}}),), world={"t": {}})
    async with open_runtime(workers=1) as runtime:
        await runtime.run(pack, [Trajectory(start="only", calls=(Call(name="double", arguments={"n": 2}),))])
        (worker,) = runtime._pool._idle
        kilobytes = memory_of(worker.pid)
    assert kilobytes["Private_Dirty:"] < 4_000 < 12_000 < kilobytes["Rss:"]
