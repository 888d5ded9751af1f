"""The bfcl environment does what bfcl-eval's own executor does: all results, and all states."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import orjson
import pytest

from sandbox import (
    EnvironmentUnusable,
    Fault,
    Outcome,
    StateReading,
    TrustedExecution,
    TrustedTrajectory,
    Unopened,
    open_trusted,
)
from sandbox.trusted.attributes import attributes_of
from sandbox.trusted.plain import write_plain
from tests.bfcl_truth import BfclEntry, read_entries

INSTALLED = find_spec("bfcl_eval") is not None
needs_bfcl = pytest.mark.skipif(not INSTALLED, reason="bfcl-eval is not installed")


def as_their_text(outcome: Outcome) -> str:
    """Write a result as bfcl-eval's executor does."""
    if isinstance(outcome, Fault):
        return f"Error during execution: {outcome.message}"
    if isinstance(outcome.value, str):
        return outcome.value
    return json.dumps(outcome.value) if isinstance(outcome.value, dict) else str(outcome.value)


def their_run(entry: BfclEntry) -> list[tuple[list[str], Any]]:
    """Execute an entry's ground truth with bfcl-eval; give the results and the state after each turn."""
    from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_utils import execute_multi_turn_func_call

    record, turns = entry.record, []
    for turn in entry.written_turns:
        results, objects = execute_multi_turn_func_call(
            func_call_list=list(turn),
            initial_config=record["initial_config"],
            involved_classes=record["involved_classes"],
            model_name="compared",
            test_entry_id=record["id"],
            long_context="long_context" in record["id"],
        )
        state = {name: attributes_of(made) for name, made in objects.items()}
        turns.append((results, orjson.loads(write_plain(state))))
    return turns


@needs_bfcl
async def test_all_results_and_all_states_equal_those_of_their_executor() -> None:
    entries = list(read_entries())
    assert (len(entries), sum(len(turn) for entry in entries for turn in entry.turns)) == (800, 4625)
    trajectories = [TrustedTrajectory(record=entry.record, turns=entry.turns) for entry in entries]
    async with open_trusted("bfcl") as runtime:
        runs = await runtime.run(trajectories, read=StateReading.TURN)
    for entry, run in zip(entries, runs, strict=True):
        assert isinstance(run, TrustedExecution)
        for (results, state), turn in zip(their_run(entry), run.turns, strict=True):
            assert [as_their_text(outcome) for outcome in turn.outcomes] == results, entry.record["id"]
            assert turn.state == state, entry.record["id"]


@needs_bfcl
async def test_a_record_may_hold_only_the_id_of_an_entry() -> None:
    entry = next(read_entries())
    whole = TrustedTrajectory(record=entry.record, turns=entry.turns)
    named = TrustedTrajectory(record={"id": entry.record["id"]}, turns=entry.turns)
    unknown = TrustedTrajectory(record={"id": "multi_turn_base_9999"}, turns=())
    async with open_trusted("bfcl") as runtime:
        one, other, none = await runtime.run([whole, named, unknown])
    assert one == other
    assert isinstance(none, Unopened)
    assert "multi_turn_base_9999" in none.reason


@pytest.mark.skipif(INSTALLED, reason="bfcl-eval is installed")
async def test_the_missing_package_is_named_with_the_way_to_install_it() -> None:
    with pytest.raises(EnvironmentUnusable, match=r"pip install --no-deps bfcl-eval"):
        async with open_trusted("bfcl"):
            pass
