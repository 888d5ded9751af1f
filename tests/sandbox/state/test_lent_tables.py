"""The trusted lane lends tables out and keeps them parsed; nobody may notice, whatever is put where."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import Call, Fault, Pack, ProcessRuntime, Trajectory, open_runtime
from sandbox.language.meter import Meter
from sandbox.language.surroundings import Surroundings
from sandbox.state.live_world import LiveWorld
from sandbox.testing import make_pack, make_tool
from sandbox.workers.compiled import CompiledSource, compile_source, read_compiled, write_compiled
from sandbox.workers.program import Program, load_program

# one of each way to put something into a container, or to change the order of what is there
BODIES = {
    "put_a_part": 'state["a"]["x"] = state["b"]["x"]',
    "put_an_equal_part": 'state["a"]["l"] = state["b"]["l"]',
    "append_a_part": 'state["a"]["l"].append(state["b"]["x"])',
    "insert_a_part": 'state["a"]["l"].insert(0, state["b"]["x"])',
    "extend_by_parts": 'state["a"]["l"].extend([state["b"]["x"]])',
    "add_parts": 'state["a"]["l"] += [state["b"]["x"]]',
    "add_to_a_name": 'parts = state["a"]["l"]\n    parts += [state["b"]["x"]]',
    "repeat": 'parts = state["a"]["l"]\n    parts *= 2',
    "update": 'state["a"].update({"x": state["b"]["x"]})',
    "update_by_name": 'state["a"].update(x=state["b"]["x"])',
    "unite": 'rows = state["a"]\n    rows |= {"x": state["b"]["x"]}',
    "default": 'state["a"].setdefault("z", state["b"]["x"])',
    "put_back": 'state["a"]["x"] = state["a"].pop("x", {"n": 5})',
    "put_back_a_number": 'state["a"]["n"] = state["a"].pop("n", 5)',
    "first_letter": 'state["a"]["A"] = 1',
    "count": 'state["a"]["x"]["n"] += 1\n    state["b"]["x"]["n"] += 10',
    "count_in_lists": 'for part in state["a"]["l"]:\n        part["n"] += 100',
    "drop": 'state["a"].pop("A", None)',
    "fail": 'state["a"]["x"]["n"] = 7\n    ctx.fail("failed", "it fails")',
    "nothing": "pass",
}
TOOLS = (*BODIES, "look")
SOURCE = "".join(
    f"def {name}(state, ctx):\n    {body}\n    return None\n\n\n" for name, body in BODIES.items()
)
SOURCE += 'def look(state, ctx):\n    return [list(state["a"]), state["a"], list(state["b"]), state["b"]]\n'
WORLD: dict[str, Any] = {
    "a": {"l": [{"n": 1}], "n": 3, "x": {"n": 0}},
    "b": {"l": [{"n": 1}], "x": {"n": 2}},
}


def pack_of_all() -> Pack:
    writing = (make_tool(name, touches=("a", "b"), errors={"failed": "It fails."}) for name in BODIES)
    return make_pack(SOURCE, (*writing, make_tool("look", effect="read")), world=WORLD)


def written(value: object) -> str:
    return orjson.dumps(value).decode()


def plain_program() -> Program:
    tools = {
        name: written(
            {
                "name": name,
                "parameters": {},
                "returns": {},
                "effect": "read" if name == "look" else "write",
                "touches": ["a", "b"],
                "errors": ["failed"],
                "part": 0,
            }
        )
        for name in TOOLS
    }
    pack = {"clock": "2026-03-02T09:00:00Z", "worlds": {"only": written(WORLD)}, "tools": tools}
    return load_program(pack, [compile_source(SOURCE, trusted=True)], Surroundings.of(Meter()), trusted=True)


def told(program: Program, world: LiveWorld, name: str) -> tuple[bytes, str, dict[str, bytes]]:
    answer, _ = program.call(world, name, {}, None)
    written = repr(answer).encode() if isinstance(answer, Fault) else answer
    return written, world.digest, dict(world.tables)


KEEPING, PARSING = plain_program(), plain_program()


@settings(max_examples=300)
@given(dialogues=st.lists(st.lists(st.sampled_from(TOOLS), max_size=8), min_size=1, max_size=3))
def test_a_kept_table_is_as_one_that_is_parsed_anew_for_every_call(dialogues: list[list[str]]) -> None:
    for calls in dialogues:
        kept, anew = LiveWorld.fresh(KEEPING.world("only")), LiveWorld.fresh(PARSING.world("only"))
        for name in (*calls, "count", "count_in_lists", "look"):
            anew.forget(["a", "b"])
            PARSING.world("only").parsed.clear()
            assert told(KEEPING, kept, name) == told(PARSING, anew, name)


@pytest.fixture(scope="module")
async def lanes() -> AsyncIterator[tuple[ProcessRuntime, ProcessRuntime]]:
    async with (
        open_runtime(workers=1) as confined,
        open_runtime(workers=1, trusted={pack_of_all().digest}) as trusted,
    ):
        yield confined, trusted


async def test_both_lanes_agree_on_every_pair_of_ways_to_put_something_somewhere(
    lanes: tuple[ProcessRuntime, ProcessRuntime],
) -> None:
    pairs = list(itertools.product(BODIES, repeat=2))
    endings = ("count", "count_in_lists", "look")
    wanted = [
        Trajectory(start="only", calls=tuple(Call(name=name) for name in (*pair, *endings))) for pair in pairs
    ]
    pack = pack_of_all()
    one, other = [await lane.run(pack, wanted) for lane in lanes]
    for pair, left, right in zip(pairs, one, other, strict=True):
        assert [step.outcome for step in left.steps] == [step.outcome for step in right.steps], pair
        assert [step.state_digest for step in left.steps] == [step.state_digest for step in right.steps], pair


def test_compiled_code_is_the_same_after_its_journey() -> None:
    compiled = compile_source(SOURCE, trusted=True)
    again = read_compiled(write_compiled(compiled))
    assert again == compiled
    nothing = CompiledSource(violation="no")
    assert read_compiled(write_compiled(nothing)) == nothing
