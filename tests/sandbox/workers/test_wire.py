"""A worker's answers are read with distrust."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Call, Snapshot, Trajectory
from sandbox.testing import make_pack, make_tool
from sandbox.workers.frames import FrameError
from sandbox.workers.wire import read_executions, write_trajectory

TRAJECTORY = Trajectory(start="only", calls=(Call(name="x"),))
PACK = make_pack("", (make_tool("x"),), world={"left": {}, "right": {"r": 1}})
GOOD: dict[str, Any] = {
    "steps": [[[1], "digest", 0]],
    "tables": {"left": {"l": 1}},
    "gone": [],
    "counters": {},
    "digest": "digest",
}

NO_ANSWERS: dict[str, Any] = {
    "no list": {},
    "too few": [],
    "no object": [7],
    "missing field": [{"steps": [[[1], "d", 0]]}],
    "unknown table gone": [{**GOOD, "gone": ["middle"]}],
    "tables of no kind": [{**GOOD, "tables": 7}],
    "too few steps": [{**GOOD, "steps": []}],
    "short step": [{**GOOD, "steps": [[[1]]]}],
    "unknown kind": [{**GOOD, "steps": [[["boom", "c", "m"], "d", 0]]}],
    "short fault": [{**GOOD, "steps": [[["crash", "c"], "d", 0]]}],
}


@pytest.mark.parametrize("answers", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_is_no_answer_is_refused(answers: Any) -> None:
    with pytest.raises(FrameError):
        read_executions([TRAJECTORY], PACK, answers)


def test_an_answer_becomes_an_execution() -> None:
    (execution,) = read_executions([TRAJECTORY], PACK, [GOOD])
    assert execution.final.calls_made == 1
    assert execution.final_state_digest == "digest"


def test_tables_that_no_call_changed_are_the_very_same_objects() -> None:
    (execution,) = read_executions([TRAJECTORY], PACK, [GOOD])
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
