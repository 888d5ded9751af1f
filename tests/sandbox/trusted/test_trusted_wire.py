"""What a trusted worker answers is read with care: its environment's code may have written anything."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from sandbox import (
    Call,
    Fault,
    FaultKind,
    Returned,
    StateReading,
    TrustedExecution,
    TrustedTrajectory,
    Unopened,
)
from sandbox.trusted.wire import read_results
from sandbox.workers.deaths import WorkerDeath, WorkerDied
from sandbox.workers.frames import FrameError

CALL = Call(name="x")
ASKED = TrustedTrajectory(record={}, turns=((CALL, CALL), (CALL,)))
CRASH = [1, "crash", "crash", "m"]
TURNS = [[[1, None], [CRASH], {"a": 1}, "d1", []], [[2], [], None, "d1", []]]
GOOD: dict[str, Any] = {"turns": TURNS, "state": None, "digest": "d2"}


def read(answer: object, reading: StateReading = StateReading.TURN) -> list[TrustedExecution | Unopened]:
    return read_results(orjson.dumps(answer), [ASKED], reading)


def test_an_answer_becomes_an_execution() -> None:
    (done,) = read({"batch": [GOOD]})
    assert isinstance(done, TrustedExecution)
    assert tuple(done.outcomes) == (Returned(1), Fault(FaultKind.CRASH, "crash", "m"), Returned(2))
    assert list(done.outcomes.faults) == [1]
    assert [turn.state for turn in done.turns] == [{"a": 1}, {"a": 1}]
    assert done.final_state == {"a": 1}


def test_a_record_that_was_not_opened_says_why() -> None:
    assert read({"batch": [{"unopened": "no such file"}]}) == [Unopened(reason="no such file")]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"failed": "no environment is open"},
        {"batch": []},
        {"batch": [GOOD, GOOD]},
        {"batch": [{**GOOD, "turns": TURNS[:1]}]},
        {"batch": [{**GOOD, "turns": [TURNS[1], TURNS[1]]}]},
        {"batch": [{**GOOD, "turns": [[[1, None], [[2, "crash", "c", "m"]]], TURNS[1]]}]},
        {"batch": [{**GOOD, "turns": [[[1, None], [[0, "crash", "c", "m"]]], TURNS[1]]}]},
        {"batch": [{**GOOD, "turns": [[[1, None], [[1, "boom", "c", "m"]]], TURNS[1]]}]},
        {"batch": [{**GOOD, "turns": [[[1, None], [CRASH]], [[2], []]]}]},
        {"batch": [{**GOOD, "digest": 7}]},
    ],
)
def test_what_is_no_answer_is_refused(answer: object) -> None:
    with pytest.raises(FrameError):
        read(answer)


def test_an_answer_that_did_not_fit_the_memory_is_a_death_by_it() -> None:
    with pytest.raises(WorkerDied) as death:
        read({"failed": "memory"})
    assert death.value.cause is WorkerDeath.MEMORY
