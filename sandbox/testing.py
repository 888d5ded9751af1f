"""For tests: checks of packs, and what every implementation of ``Runtime`` must do.

``check_pack`` and ``PackMachine`` are for people with packs of their own; ``CONFORMANCE`` for runtimes:

@pytest.mark.parametrize("check", CONFORMANCE, ids=lambda check: check.__name__)
async def test_the_runtime_conforms(check, runtime):
    await check(runtime, conformance_pack())
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from sandbox import properties
from sandbox.checking.machine import PackMachine, run_machine
from sandbox.packs.reading import Pack, ToolSpec, read_pack
from sandbox.properties import DEFAULT_EXAMPLES
from sandbox.reports import PackReport
from sandbox.runtime import Runtime
from sandbox.state.world import state_digest
from sandbox.types import (
    Call,
    Execution,
    Fault,
    FaultKind,
    JsonValue,
    Outcome,
    PlannedFault,
    Returned,
    Trajectory,
)

__all__ = [
    "CONFORMANCE",
    "Check",
    "PackMachine",
    "check_pack",
    "conformance_pack",
    "make_pack",
    "make_tool",
    "run_machine",
]

Check = Callable[[Runtime, Pack], Awaitable[None]]

SOURCE = """
def add(state, ctx, amount):
    state["totals"]["T"]["sum"] += amount
    return {"sum": state["totals"]["T"]["sum"]}


def add_then_fail(state, ctx, amount):
    state["totals"]["T"]["sum"] += amount
    ctx.next_id("A")
    ctx.fail("refused", "after a change")


def peek(state, ctx):
    return {"sum": state["totals"]["T"]["sum"]}


def peek_and_write(state, ctx):
    state["totals"]["T"]["sum"] = 99
    return {"sum": 99}


def write_elsewhere(state, ctx):
    state["notes"]["N"]["text"] = "changed"
    return {"sum": 0}


def misfit(state, ctx):
    return {"sum": "not a number"}


def unlisted(state, ctx):
    ctx.fail("no_such_code", "")


def broken(state, ctx):
    return {"sum": 1 // 0}


def endless(state, ctx):
    while True:
        pass


def draw(state, ctx):
    return {"sum": ctx.random.randint(1, 1000000), "id": ctx.next_id("D"), "now": ctx.now}
"""
SUM: dict[str, Any] = {
    "type": "object",
    "required": ["sum"],
    "properties": {"sum": {"type": "integer"}, "id": {"type": "string"}, "now": {"type": "string"}},
    "additionalProperties": False,
}
AMOUNT: dict[str, Any] = {
    "type": "object",
    "required": ["amount"],
    "properties": {"amount": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
NOTHING: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
WORLD: dict[str, Any] = {"totals": {"T": {"sum": 0}}, "notes": {"N": {"text": "kept"}}}


def check_pack(path: str | Path, *, examples: int = DEFAULT_EXAMPLES, seed: int = 0) -> PackReport:
    """Check a pack by its shipped name or its folder, as ``packs check`` does.

    Raises ``AssertionError`` if it breaks a property, with the command that shows each.
    """
    report = properties.check_pack(read_pack(path), examples=examples, seed=seed)
    lines = []
    for finding in report.errors:
        lines.append(f"{finding.tool or report.pack}: {finding.code}: {finding.message}")
        if finding.counter_example is not None:
            lines.append(f"  {finding.counter_example.command(str(path))}")
    if lines:
        raise AssertionError("\n".join(lines))
    return report


def make_tool(
    name: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    returns: Mapping[str, Any] | None = None,
    effect: Literal["read", "write"] = "write",
    touches: tuple[str, ...] = (),
    errors: Mapping[str, str] | None = None,
) -> ToolSpec:
    """Build a tool's contract; by default it takes nothing and may return anything."""
    return ToolSpec(
        name=name,
        description=f"The tool {name}.",
        parameters=NOTHING if parameters is None else parameters,
        returns={} if returns is None else returns,
        effect=effect,
        touches=touches,
        errors=errors or {},
    )


def make_pack(
    source: str,
    tools: tuple[ToolSpec, ...],
    *,
    world: Mapping[str, JsonValue] | None = None,
    state_schema: Mapping[str, Any] | None = None,
) -> Pack:
    """Build a pack in memory, with one world named ``only``."""
    state = WORLD if world is None else world
    content = repr((source, tools, state))
    return Pack(
        name="made-up",
        version="1.0.0",
        licence="Apache-2.0",
        description="A pack for tests.",
        clock="2026-03-02T09:00:00Z",
        persona=None,
        invariants=(),
        tools=tools,
        worlds={"only": state},
        state_schema=state_schema or {"type": "object"},
        policy=None,
        tasks=(),
        source=source,
        digest=sha256(content.encode()).hexdigest(),
        path=Path("made-up"),
    )


def conformance_pack() -> Pack:
    """Build the pack that the checks run on."""
    adding = {"parameters": AMOUNT, "returns": SUM, "touches": ("totals",)}
    tools = (
        make_tool("add", **adding),  # type: ignore[arg-type]  # the values' types differ
        make_tool("add_then_fail", errors={"refused": "It never works."}, **adding),  # type: ignore[arg-type]
        *(
            make_tool(name, returns=SUM, effect="read", touches=("totals",))
            for name in ("peek", "peek_and_write")
        ),
        *(
            make_tool(name, returns=SUM, touches=("totals",))
            for name in ("write_elsewhere", "misfit", "unlisted", "broken", "endless", "draw")
        ),
    )
    return make_pack(SOURCE, tools)


async def _run(runtime: Runtime, pack: Pack, *calls: tuple[str, Mapping[str, JsonValue]]) -> Execution:
    made = tuple(Call(name=name, arguments=arguments) for name, arguments in calls)
    return (await runtime.run(pack, [Trajectory(start="only", calls=made)]))[0]


def _kinds(execution: Execution) -> list[str]:
    return [_kind(step.outcome) for step in execution.steps]


def _kind(outcome: Outcome) -> str:
    return outcome.kind.value if isinstance(outcome, Fault) else "returned"


async def calls_see_what_earlier_calls_did(runtime: Runtime, pack: Pack) -> None:
    execution = await _run(runtime, pack, ("add", {"amount": 2}), ("add", {"amount": 3}), ("peek", {}))
    assert [step.outcome for step in execution.steps] == [Returned({"sum": value}) for value in (2, 5, 5)]
    assert execution.final_state_digest == state_digest(execution.final.state)


async def trajectories_share_nothing(runtime: Runtime, pack: Pack) -> None:
    trajectory = Trajectory(start="only", calls=(Call(name="add", arguments={"amount": 1}),))
    executions = await runtime.run(pack, [trajectory] * 40)
    assert {repr(execution.steps[0].outcome) for execution in executions} == {repr(Returned({"sum": 1}))}


async def every_failure_has_its_kind(runtime: Runtime, pack: Pack) -> None:
    execution = await _run(
        runtime,
        pack,
        ("nonesuch", {}),
        ("add", {"amount": 0}),
        ("add_then_fail", {"amount": 1}),
        ("unlisted", {}),
        ("broken", {}),
        ("misfit", {}),
        ("endless", {}),
    )
    assert _kinds(execution) == [
        "unknown_tool",
        "invalid_arguments",
        "tool_error",
        "undeclared_error",
        "undeclared_error",
        "invalid_result",
        "budget",
    ]


async def a_fault_leaves_the_state_as_it_was(runtime: Runtime, pack: Pack) -> None:
    untouched = state_digest(pack.worlds["only"])
    for name in ("add_then_fail", "peek_and_write", "write_elsewhere"):
        arguments = {"amount": 1} if name == "add_then_fail" else {}
        execution = await _run(runtime, pack, (name, arguments), ("peek", {}))
        assert _kinds(execution)[0] != "returned", name
        assert execution.final_state_digest == untouched, name
        assert execution.steps[1].outcome == Returned({"sum": 0}), name
        assert not execution.final.counters, name


async def chance_repeats_itself(runtime: Runtime, pack: Pack) -> None:
    first = await _run(runtime, pack, ("draw", {}), ("draw", {}))
    second = await _run(runtime, pack, ("draw", {}), ("draw", {}))
    assert first == second
    assert first.steps[0].outcome != first.steps[1].outcome


async def a_snapshot_continues_where_it_was_taken(runtime: Runtime, pack: Pack) -> None:
    calls = (Call(name="add", arguments={"amount": 4}), *(Call(name="draw"),) * 3)
    whole = (await runtime.run(pack, [Trajectory(start="only", calls=calls, keep_snapshots=True)]))[0]
    for number, step in enumerate(whole.steps, 1):
        assert step.snapshot is not None
        rest = (await runtime.run(pack, [Trajectory(start=step.snapshot, calls=calls[number:])]))[0]
        assert [later.outcome for later in rest.steps] == [later.outcome for later in whole.steps[number:]]
        assert rest.final == whole.final


async def a_planned_fault_happens_instead_of_the_tool(runtime: Runtime, pack: Pack) -> None:
    planned = PlannedFault(kind=FaultKind.TIMEOUT, code="timeout", message="The service did not answer.")
    calls = (Call(name="add", arguments={"amount": 1}),) * 2
    execution = (await runtime.run(pack, [Trajectory(start="only", calls=calls, faults={0: planned})]))[0]
    assert [step.outcome for step in execution.steps] == [
        Fault(FaultKind.TIMEOUT, "timeout", "The service did not answer."),
        Returned({"sum": 1}),
    ]


CONFORMANCE: tuple[Check, ...] = (
    calls_see_what_earlier_calls_did,
    trajectories_share_nothing,
    every_failure_has_its_kind,
    a_fault_leaves_the_state_as_it_was,
    chance_repeats_itself,
    a_snapshot_continues_where_it_was_taken,
    a_planned_fault_happens_instead_of_the_tool,
)
