"""Every program of the corpus, on one pool: refused or ended, and nobody else the worse for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from sandbox import (
    Call,
    Execution,
    Fault,
    FaultKind,
    Pack,
    ProcessRuntime,
    Returned,
    Session,
    Trajectory,
    open_runtime,
)
from sandbox.testing import conformance_pack, make_pack, make_tool
from sandbox.types import JsonValue
from tests.sandbox.containment.corpus import Attack, attacks, code_attacks, everything, source_of
from tests.sandbox.containment.limits import contained

TOOL = make_tool(
    "tool",
    parameters={"type": "object", "properties": {"x": {}}, "additionalProperties": False},
    touches=("totals", "notes"),
)
GOOD = Trajectory(
    start="only",
    calls=(Call(name="add", arguments={"amount": 2}), Call(name="draw"), Call(name="peek")),
)


@pytest.fixture(scope="module")
async def pool() -> AsyncIterator[ProcessRuntime]:
    async with open_runtime(workers=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def good() -> Pack:
    return conformance_pack()


@pytest.fixture(scope="module")
async def expected(good: Pack) -> Execution:
    async with open_runtime(workers=1) as fresh:
        return (await fresh.run(good, [GOOD]))[0]


def test_the_corpus_is_large_and_its_members_differ() -> None:
    corpus = everything()
    assert len(corpus) >= 500
    assert len({str(attack) for attack in corpus}) == len(corpus)
    assert len({(attack.kind, attack.text) for attack in corpus}) == len(corpus)


@pytest.mark.parametrize("attack", code_attacks(), ids=str)
async def test_hostile_code_is_contained(
    attack: Attack, pool: ProcessRuntime, good: Pack, expected: Execution
) -> None:
    pack = make_pack(source_of(attack), (TOOL,))
    dialogue = Trajectory(start="only", calls=(Call(name="tool"),))
    outcomes = []
    for _ in range(2):
        (execution,) = await contained(lambda: pool.run(pack, [dialogue]))
        outcomes += [step.outcome for step in execution.steps]
    assert not [outcome for outcome in outcomes if isinstance(outcome, Returned) and "PWN" in repr(outcome)]
    assert all(isinstance(outcome, Returned) or _is_clear(outcome) for outcome in outcomes), outcomes
    assert outcomes[0] == outcomes[1], "one dialogue learned of another"
    assert (await pool.run(good, [GOOD]))[0] == expected


GROWING = """
def rows(state, ctx):
    for step in range(60000):
        state["totals"]["T"]["rows"].append(0)
    return 0


def texts(state, ctx):
    state["totals"]["T"][ctx.next_id("N")] = "x" * 199000
    return 0
"""


@pytest.mark.parametrize("tool", ["rows", "texts"])
async def test_a_state_that_grows_with_every_call_ends_at_its_bound(tool: str, pool: ProcessRuntime) -> None:
    tools = tuple(make_tool(name, touches=("totals",)) for name in ("rows", "texts"))
    pack = make_pack(GROWING, tools, world={"totals": {"T": {"rows": []}}})
    session = Session(pool, pack, "only")
    outcome = await session.call(tool)
    for _ in range(60):
        if isinstance(outcome, Fault):
            break
        outcome = await contained(lambda: session.call(tool))
    assert isinstance(outcome, Fault)
    assert outcome.kind is FaultKind.BUDGET
    assert "the state grew beyond" in outcome.message


def _is_clear(fault: Fault) -> bool:
    return 0 < len(fault.message) <= 2_000 and 0 < len(fault.code) <= 2_000


@pytest.mark.parametrize("attack", attacks("arguments"), ids=str)
async def test_hostile_arguments_are_refused_or_harmless(
    attack: Attack, pool: ProcessRuntime, good: Pack, expected: Execution
) -> None:
    pack = make_pack("def tool(state, ctx, x=1):\n    return x\n", (TOOL,))
    call = Call(name="tool", arguments=_arguments(attack.text))
    dialogue = Trajectory(start="only", calls=(call, Call(name="tool")))
    (execution,) = await contained(lambda: pool.run(pack, [dialogue]))
    first, second = (step.outcome for step in execution.steps)
    assert isinstance(first, Returned) or _is_clear(first)
    assert second == Returned(1)
    assert (await pool.run(good, [GOOD]))[0] == expected


def _arguments(text: str) -> dict[str, JsonValue]:
    arguments = json.loads(text)  # the standard library's reader lets everything through
    assert isinstance(arguments, dict)
    return arguments
