"""A worker's answers are read with distrust."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from sandbox import Call, Execution, Fault, FaultKind, Snapshot, Trajectory
from sandbox.testing import make_pack, make_tool
from sandbox.workers.answers import read_executions, read_reply
from sandbox.workers.frames import FrameError
from sandbox.workers.wire import write_trajectory

TRAJECTORY = Trajectory(start="only", calls=(Call(name="x"),))
PACK = make_pack("", (make_tool("x"),), world={"left": {}, "right": {"r": 1}})
GOOD: dict[str, Any] = {
    "results": [1],
    "digests": ["digest"],
    "used": [0],
    "faults": [],
    "tables": {"left": {"l": 1}},
    "gone": [],
    "counters": {},
    "digest": "digest",
}

BYTES_THAT_ARE_NO_REPLY = {
    "no object": b"[]",
    "torn": b'{"number": 1, "batch": [',
    "more than one": b"{}{}",
    "no UTF-8": b'{"why": "\xff"}',
    "a number of another kind": b'{"number": "1"}',
    "too deep": b'{"batch":' + b"[" * 100_000,
    "too many values": b'{"batch": [' + b"0," * 800_000 + b"0]}",
}


def read(answers: Any) -> list[Execution]:
    batch = read_reply(orjson.dumps({"number": 1, "batch": answers})).batch
    assert batch is not None
    return read_executions([TRAJECTORY], PACK, batch)


NO_ANSWERS: dict[str, Any] = {
    "no list": {},
    "too few": [],
    "no object": [7],
    "missing field": [{"results": [1], "digests": ["d"], "used": [0]}],
    "unknown table gone": [{**GOOD, "gone": ["middle"]}],
    "tables of no kind": [{**GOOD, "tables": 7}],
    "counters of no kind": [{**GOOD, "counters": [["A", 1]]}],
    "too few steps": [{**GOOD, "results": [], "digests": [], "used": []}],
    "too many steps": [{**GOOD, "results": [1, 2], "digests": ["d", "d"], "used": [0, 0]}],
    "too few digests": [{**GOOD, "digests": []}],
    "too many counts": [{**GOOD, "used": [0, 0]}],
    "results of no kind": [{**GOOD, "results": 7}],
    "a digest that is no text": [{**GOOD, "digests": [7]}],
    "a final digest that is no text": [{**GOOD, "digest": None}],
    "a count that is no number": [{**GOOD, "used": [True]}],
    "unknown kind": [{**GOOD, "faults": [[0, "boom", "c", "m"]]}],
    "short fault": [{**GOOD, "faults": [[0, "crash", "c"]]}],
    "fault beyond the last call": [{**GOOD, "faults": [[1, "crash", "c", "m"]]}],
    "fault before the first call": [{**GOOD, "faults": [[-1, "crash", "c", "m"]]}],
    "fault of no call": [{**GOOD, "faults": [["0", "crash", "c", "m"]]}],
    "two faults of one call": [{**GOOD, "faults": [[0, "crash", "c", "m"]] * 2}],
    "fault with a result": [{**GOOD, "faults": [[0, "crash", "c", "m"]]}],
}


@pytest.mark.parametrize("answers", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_is_no_answer_is_refused(answers: Any) -> None:
    with pytest.raises(FrameError):
        read(answers)


@pytest.mark.parametrize("body", BYTES_THAT_ARE_NO_REPLY.values(), ids=BYTES_THAT_ARE_NO_REPLY.keys())
def test_what_is_no_reply_is_refused(body: bytes) -> None:
    with pytest.raises(FrameError):
        read_reply(body)


@pytest.mark.parametrize("result", [b'"\xff"', b"1e999"])
def test_a_result_that_is_no_json_is_a_fault_when_it_is_asked_for(result: bytes) -> None:
    body = orjson.dumps({"batch": [GOOD]}).replace(b'"results":[1]', b'"results":[' + result + b"]")
    (execution,) = read_executions([TRAJECTORY], PACK, read_reply(body).batch or [])
    (outcome,) = execution.outcomes
    assert isinstance(outcome, Fault)
    assert outcome.kind is FaultKind.CRASH


def test_an_answer_becomes_an_execution() -> None:
    (execution,) = read([GOOD])
    assert execution.final.calls_made == 1
    assert execution.final_state_digest == "digest"


def test_a_fault_takes_the_place_of_a_result_that_is_not_there() -> None:
    answer = {**GOOD, "results": [None], "faults": [[0, "crash", "c", "m"]]}
    (execution,) = read([answer])
    assert execution.steps[0].outcome == Fault(FaultKind.CRASH, "c", "m")


def test_tables_that_no_call_changed_are_the_very_same_objects() -> None:
    (execution,) = read([GOOD])
    assert execution.final.state == {"left": {"l": 1}, "right": {"r": 1}}
    assert execution.final.state["right"] is PACK.worlds["only"]["right"]


def test_a_snapshot_sends_only_the_tables_that_set_it_apart_from_its_world() -> None:
    state = {"left": {"l": 1}, "right": PACK.worlds["only"]["right"]}
    written = write_trajectory(Trajectory(start=Snapshot(world="only", state=state), calls=()), PACK)
    assert (written["tables"], written["gone"]) == ({"left": {"l": 1}}, [])
    written = write_trajectory(Trajectory(start=Snapshot(world="only", state={}), calls=()), PACK)
    assert (written["tables"], written["gone"]) == ({}, ["left", "right"])


def test_arguments_that_are_not_json_stay_behind() -> None:
    written = write_trajectory(
        Trajectory(start="only", calls=(Call(name="x", arguments={"a": float("inf")}),)), PACK
    )
    ((name, arguments, problem),) = written["calls"]
    assert (name, arguments) == ("x", {})
    assert "not a finite number" in problem
