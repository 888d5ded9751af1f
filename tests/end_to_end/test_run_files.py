"""What a run leaves: complete, consistent, and true when everything is executed again."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from sandbox import Call, Execution, Fault, Outcome, Returned, Trajectory, open_pack, run
from tests.end_to_end.program import KEY, WatchedServer, data_of, records_of, run_program
from tests.end_to_end.runs import COUNT, Reference, arguments


def calls_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": call["function"]["name"],
            "arguments": orjson.loads(call["function"]["arguments"]),
        }
        for message in record["messages"]
        for call in message.get("tool_calls") or ()
    ]


def observations_of(record: dict[str, Any]) -> list[Any]:
    return [orjson.loads(message["content"]) for message in record["messages"] if message["role"] == "tool"]


def observations_in(execution: Execution) -> list[Any]:
    return [observation(step.outcome) for step in execution.steps]


def observation(outcome: Outcome) -> Any:
    match outcome:
        case Returned(value):
            return value
        case Fault(kind, code, message):
            return {"error": {"kind": kind.value, "code": code, "message": message}}


def by_pack(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    packs: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        packs.setdefault(record["metadata"]["pack"], []).append(record)
    return packs


def test_every_promised_file_is_there_and_nothing_half_written(reference: Reference) -> None:
    names = {file.name for file in reference.folder.iterdir()}
    assert {"run.sqlite", "dialogues.jsonl", "rejected.jsonl", "preferences.jsonl", "ledger.json"} <= names
    assert not [name for name in names if name.endswith(".part")]


def test_dialogues_are_sorted_by_id_and_just_as_many_as_were_asked_for(reference: Reference) -> None:
    ids = [record["id"] for record in records_of(reference.folder)]
    assert ids == sorted(set(ids))
    assert len(ids) == COUNT


def test_the_ledger_counts_what_the_files_hold_and_the_server_was_asked(reference: Reference) -> None:
    ledger = orjson.loads((reference.folder / "ledger.json").read_bytes())
    kept, dropped = records_of(reference.folder), records_of(reference.folder, "rejected.jsonl")
    assert ledger["accepted"] == len(kept) == COUNT
    assert sum(ledger["rejected"].values()) == len(dropped)
    assert ledger["attempted"] == len(kept) + len(dropped)
    assert ledger["requests"] == reference.requests
    assert ledger["requests"] == sum(stage["requests"] for stage in ledger["stages"].values())
    made = [record["metadata"].get("cost", {"requests": 0})["requests"] for record in (*kept, *dropped)]
    assert ledger["requests"] <= sum(made)
    rounds = [entry for record in kept for entry in record["metadata"]["refinement"]]
    assert ledger["refinement"]["masked"] == sum(len(entry["masked"]) for entry in rounds) > 0
    assert ledger["refinement"]["replaced"] == sum(len(entry["replaced"]) for entry in rounds) > 0
    assert ledger["model"] == "harmless"
    assert ledger["usd"] is None
    assert ledger["per_accepted"]["requests"] == pytest.approx(ledger["requests"] / COUNT, abs=1e-5)


def test_no_id_is_both_accepted_and_rejected_and_none_is_left_out(reference: Reference) -> None:
    ids = [
        record["id"]
        for name in ("dialogues.jsonl", "rejected.jsonl")
        for record in records_of(reference.folder, name)
    ]
    assert sorted(ids) == [f"d{number:07d}" for number in range(len(ids))]


def test_preferences_belong_to_attempts_of_this_run(reference: Reference) -> None:
    ids = {
        record["id"]
        for name in ("dialogues.jsonl", "rejected.jsonl")
        for record in records_of(reference.folder, name)
    }
    pairs = records_of(reference.folder, "preferences.jsonl")
    assert pairs
    assert {pair["dialogue"] for pair in pairs} <= ids


def test_every_observation_is_what_the_sandbox_gives_today(reference: Reference) -> None:
    for name, records in by_pack(records_of(reference.folder)).items():
        trajectories = [
            Trajectory(
                start=record["metadata"]["world"], calls=tuple(Call(**call) for call in calls_of(record))
            )
            for record in records
        ]
        for record, execution in zip(records, run(open_pack(name), trajectories), strict=True):
            assert observations_of(record) == observations_in(execution)
            assert record["metadata"]["final_state_digest"] == execution.final_state_digest


async def test_packs_run_gives_the_same_outcomes_and_final_state(
    reference: Reference, tmp_path: Path
) -> None:
    (name, records), *_ = by_pack(records_of(reference.folder)).items()
    lines = [{"world": record["metadata"]["world"], "calls": calls_of(record)} for record in records]
    file = tmp_path / "calls.jsonl"
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    finished = await run_program("packs", "run", name, file)
    assert finished.status == 0, finished.err
    for record, line in zip(records, finished.out.splitlines(), strict=True):
        done = orjson.loads(line)
        assert done["final_state_digest"] == record["metadata"]["final_state_digest"]
        values = [
            outcome["value"]
            if outcome["status"] == "returned"
            else {"error": {key: outcome[key] for key in ("kind", "code", "message")}}
            for outcome in done["outcomes"]
        ]
        assert values == observations_of(record)


async def test_the_audit_finds_nothing_in_what_was_accepted(reference: Reference, tmp_path: Path) -> None:
    for name, records in by_pack(records_of(reference.folder)).items():
        file = tmp_path / f"{name}.jsonl"
        file.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
        finished = await run_program("audit", file, "--env", name, "--output", "json")
        assert finished.status == 0, finished.out
        summary = orjson.loads(finished.out)
        assert summary["records"] == len(records)
        assert summary["records_with_errors"] == 0
        assert summary["levels"]["executed"] == sum(len(calls_of(record)) for record in records)


def test_the_end_of_a_run_tells_what_to_type_next(reference: Reference) -> None:
    out = reference.finished.out
    assert f"{COUNT} dialogues accepted of" in out
    assert f"toolace-mt audit {reference.folder}/dialogues.jsonl --env" in out
    assert "--resume" in out
    refinement = orjson.loads((reference.folder / "ledger.json").read_bytes())["refinement"]
    assert f"refined: {refinement['replaced']} of {refinement['masked']} masked turns" in out


async def test_the_key_is_in_no_file_and_no_output(reference: Reference, server: WatchedServer) -> None:
    assert server.requests
    for file in reference.folder.iterdir():
        assert KEY.encode() not in file.read_bytes(), file.name
    assert KEY not in reference.finished.out + reference.finished.err


async def test_one_dialogue_at_a_time_gives_the_same_files_as_eight(
    reference: Reference, server: WatchedServer, tmp_path: Path
) -> None:
    finished = await run_program(*arguments(server, tmp_path / "run"), "--concurrency", "1")
    assert finished.status == 0, finished.err
    assert data_of(tmp_path / "run") == data_of(reference.folder)
