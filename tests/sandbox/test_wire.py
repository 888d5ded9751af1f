"""A worker's answers are read with distrust."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Call, Trajectory
from sandbox.frames import FrameError
from sandbox.wire import read_executions, write_trajectory

TRAJECTORY = Trajectory(start="only", calls=(Call(name="x"),))
GOOD: dict[str, Any] = {"steps": [[[1], "digest", 0]], "state": {}, "counters": {}, "digest": "digest"}

NO_ANSWERS: dict[str, Any] = {
    "no list": {},
    "too few": [],
    "no object": [7],
    "missing field": [{"steps": [[[1], "d", 0]]}],
    "too few steps": [{**GOOD, "steps": []}],
    "short step": [{**GOOD, "steps": [[[1]]]}],
    "unknown kind": [{**GOOD, "steps": [[["boom", "c", "m"], "d", 0]]}],
    "short fault": [{**GOOD, "steps": [[["crash", "c"], "d", 0]]}],
}


@pytest.mark.parametrize("answers", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_is_no_answer_is_refused(answers: Any) -> None:
    with pytest.raises(FrameError):
        read_executions([TRAJECTORY], answers)


def test_an_answer_becomes_an_execution() -> None:
    (execution,) = read_executions([TRAJECTORY], [GOOD])
    assert execution.final.calls_made == 1
    assert execution.final_state_digest == "digest"


def test_arguments_that_are_not_json_stay_behind() -> None:
    written = write_trajectory(
        Trajectory(start="only", calls=(Call(name="x", arguments={"a": float("inf")}),))
    )
    ((name, arguments, problem),) = written["calls"]
    assert (name, arguments) == ("x", {})
    assert "not a finite number" in problem
