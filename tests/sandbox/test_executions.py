"""An execution is kept in columns and read row by row."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import Execution, Fault, FaultKind, Outcomes, Returned, Snapshot, Step

INTEGERS = st.integers(-(2**63), 2**64 - 1)
VALUES: st.SearchStrategy[Any] = st.none() | INTEGERS | st.text() | st.lists(INTEGERS, max_size=3)
FAULTS = st.builds(Fault, st.sampled_from(FaultKind), st.text(max_size=5), st.text(max_size=5))
SNAPSHOTS = st.builds(Snapshot, world=st.text(max_size=3), state=st.just({}), calls_made=st.integers(0, 9))


@st.composite
def rows(draw: st.DrawFn) -> tuple[Step, ...]:
    snapshots = SNAPSHOTS if draw(st.booleans()) else st.none()
    step = st.builds(
        Step,
        outcome=st.builds(Returned, VALUES) | FAULTS,
        state_digest=st.text(max_size=4),
        steps_used=st.none() | st.integers(0, 9),
        snapshot=snapshots,
    )
    return tuple(draw(st.lists(step, max_size=5)))


@given(steps=rows())
def test_steps_written_as_columns_read_as_they_were(steps: tuple[Step, ...]) -> None:
    execution = Execution.of(steps, final_state_digest="d")
    assert execution.steps == steps
    assert tuple(execution.outcomes) == tuple(step.outcome for step in steps)
    assert execution.state_digests == tuple(step.state_digest for step in steps)


@given(one=rows(), other=rows())
def test_executions_are_equal_exactly_if_their_steps_are(
    one: tuple[Step, ...], other: tuple[Step, ...]
) -> None:
    left, right = (Execution.of(steps, final_state_digest="d") for steps in (one, other))
    assert (left == right) == (one == other)
    assert left == Execution.of(left.steps, final_state_digest="d")


@given(parts=st.lists(rows(), min_size=1, max_size=3))
def test_executions_one_after_another_are_one_of_all_their_steps(parts: list[tuple[Step, ...]]) -> None:
    executions = [
        Execution.of(steps, final_state_digest=str(place), kept_final=Snapshot(world=str(place), state={}))
        for place, steps in enumerate(parts)
    ]
    joined = Execution.joined(executions)
    last = executions[-1]
    assert joined.outcomes == Outcomes.of(step.outcome for steps in parts for step in steps)
    assert joined.state_digests == tuple(step.state_digest for steps in parts for step in steps)
    assert joined.steps_used == tuple(step.steps_used for steps in parts for step in steps)
    kept = tuple(step.snapshot for steps in parts for step in steps if step.snapshot is not None)
    assert joined.snapshots == kept
    assert (joined.final_state_digest, joined.final) == (last.final_state_digest, last.final)


@given(parts=st.lists(rows(), max_size=3), cut=st.slices(12))
def test_outcomes_are_a_sequence_and_so_are_several_joined(parts: list[tuple[Step, ...]], cut: slice) -> None:
    whole = [step.outcome for steps in parts for step in steps]
    joined = Outcomes.joined([Outcomes.of(step.outcome for step in steps) for steps in parts])
    assert joined == Outcomes.of(whole)
    assert len(joined) == len(whole)
    assert list(joined) == whole
    assert joined[cut] == tuple(whole[cut])
    assert [joined[place - len(whole)] for place in range(len(whole))] == whole
    with pytest.raises(IndexError):
        joined[len(whole)]
