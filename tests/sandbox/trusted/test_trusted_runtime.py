"""Trusted environments: somebody's objects in worker processes, whole records at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest

from sandbox import (
    Call,
    EnvironmentUnusable,
    Fault,
    FaultKind,
    JsonValue,
    PlannedFault,
    Returned,
    StateReading,
    TrustedExecution,
    TrustedTrajectory,
    Unopened,
    WrittenRecord,
    open_trusted,
    state_digest,
)

DESK = "python:parcel_desk:ParcelDesk"


def call(name: str, **arguments: JsonValue) -> Call:
    return Call(name=name, arguments=arguments)


def trajectory(*turns: tuple[Call, ...], **record: JsonValue) -> TrustedTrajectory:
    return TrustedTrajectory(record=record, turns=turns)


async def run_one(
    one: TrustedTrajectory, *, source: str = DESK, read: StateReading = StateReading.FINAL
) -> TrustedExecution:
    async with open_trusted(source, batch_seconds=3, call_seconds=0.5) as runtime:
        (done,) = await runtime.run([one], read=read)
    assert isinstance(done, TrustedExecution)
    return done


FAULTS = {
    "declared": (call("find", parcel_id="P9"), FaultKind.TOOL_ERROR, "not_found", "no parcel P9"),
    "undeclared": (call("break_down"), FaultKind.UNDECLARED_ERROR, "lookup", "the shelf is empty"),
    "unknown tool": (call("sink"), FaultKind.UNKNOWN_TOOL, "unknown_tool", "no tool 'sink'"),
    "private": (call("_secret"), FaultKind.UNKNOWN_TOOL, "unknown_tool", "no tool '_secret'"),
    "nothing's own": (call("__class__"), FaultKind.UNKNOWN_TOOL, "unknown_tool", "no tool '__class__'"),
    "missing": (call("find"), FaultKind.INVALID_ARGUMENTS, "invalid_arguments", "missing 1 required"),
    "unknown argument": (call("break_down", x=1), FaultKind.INVALID_ARGUMENTS, "invalid_arguments", "'x'"),
    "memory": (call("devour"), FaultKind.MEMORY, "memory", "more memory"),
    "exit": (call("leave"), FaultKind.UNDECLARED_ERROR, "system_exit", "1"),
}  # fmt: skip


async def test_what_a_tool_does_wrong_is_a_fault_and_the_next_call_goes_on() -> None:
    calls = tuple(wrong for wrong, _, _, _ in FAULTS.values())
    done = await run_one(trajectory((*calls, call("find", parcel_id="P1"))))
    for (name, (_, kind, code, words)), outcome in zip(FAULTS.items(), done.outcomes, strict=False):
        assert isinstance(outcome, Fault), name
        assert (outcome.kind, outcome.code) == (kind, code), name
        assert words in outcome.message, name
    assert done.outcomes[-1] == Returned({"parcel_id": "P1", "place": "depot"})


@pytest.mark.parametrize(("deadly", "kind"), [("die", FaultKind.CRASH), ("hang", FaultKind.TIMEOUT)])
async def test_a_call_that_ends_its_worker_harms_neither_its_record_nor_the_others(
    deadly: str, kind: FaultKind
) -> None:
    guilty = trajectory((call("move", parcel_id="P1"), call(deadly)), (call("find", parcel_id="P1"),))
    async with open_trusted(DESK, batch_seconds=1, call_seconds=0.5) as runtime:
        first, second = await runtime.run([guilty, trajectory((call("find", parcel_id="P2"),))])
    assert isinstance(first, TrustedExecution)
    assert isinstance(second, TrustedExecution)
    moved, died, found = first.outcomes
    assert isinstance(died, Fault)
    assert died.kind is kind
    assert isinstance(moved, Returned)
    assert found == Returned({"parcel_id": "P1", "place": "van"})
    assert tuple(second.outcomes) == (Returned({"parcel_id": "P2", "place": "depot"}),)


COUNTED = """
class Counted:
    def __init__(self, record):
        with open(record["log"], "a") as log:
            log.write(record["id"])

    def hang(self):
        while True:
            pass

    def fine(self):
        return 1
"""

HANGS_ONCE = """
import pathlib
import time

class HangsOnce:
    def hang_once(self, flag):
        if not pathlib.Path(flag).exists():
            pathlib.Path(flag).touch()
            time.sleep(3600)
        return 1
"""

TIDIED = """
import atexit

def note(log, what):
    with open(log, "a") as noted:
        noted.write(what)

class Tidied:
    def __init__(self, record):
        self._log = record["log"]
        atexit.register(note, self._log, "tidied")

    def fine(self):
        return 1

    def __del__(self):
        note(self._log, "freed, ")
"""


async def test_results_come_in_the_order_of_their_records_in_batches_of_any_size() -> None:
    records = [
        trajectory(
            (call("die") if number == 70 else call("find", parcel_id="P9"),), places={"P9": str(number)}
        )
        for number in range(150)
    ]
    async with open_trusted(DESK, workers=2) as runtime:
        for _ in range(2):
            done = await runtime.run(records, read=StateReading.DIGEST)
            outcomes = [one.outcomes[0] for one in done if isinstance(one, TrustedExecution)]
            found = [one.value if isinstance(one, Returned) else one.kind for one in outcomes]
            assert found == [
                FaultKind.CRASH if number == 70 else {"parcel_id": "P9", "place": str(number)}
                for number in range(150)
            ]


async def test_where_batches_are_quick_a_stuck_one_is_given_up_long_before_the_longest_time() -> None:
    quick = trajectory((call("find", parcel_id="P1"),))
    stuck = trajectory((call("hang"), call("find", parcel_id="P1")))
    with anyio.fail_after(60):
        async with open_trusted(DESK, batch_seconds=10_000, call_seconds=0.5) as runtime:
            await runtime.run([quick])
            for _ in range(2):
                first, second = await runtime.run([quick, stuck])
                assert isinstance(first, TrustedExecution)
                assert isinstance(second, TrustedExecution)
                assert [getattr(one, "kind", None) for one in second.outcomes] == [FaultKind.TIMEOUT, None]
                assert first.outcomes[0] == second.outcomes[1]


async def test_a_late_batch_in_which_nothing_was_stuck_gets_the_longest_time_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hangs_once.py").write_text(HANGS_ONCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    flag = str(tmp_path / "flag")
    async with open_trusted("python:hangs_once:HangsOnce", batch_seconds=10_000, call_seconds=0.5) as runtime:
        for name, calls, patience in (
            ("quick", (), 1.0),
            ("late", (call("hang_once", flag=flag),), 10_000),
            ("quick again", (), 1.0),
        ):
            (done,) = await runtime.run([trajectory(calls)])
            assert isinstance(done, TrustedExecution), name
            assert list(done.outcomes) == [Returned(1)] * len(calls), name
            assert runtime._patience == patience, name


async def test_after_a_death_no_record_is_run_again_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in the batch, once to find the call, once without it; the innocent once in all after the batch."""
    (tmp_path / "counted_openings.py").write_text(COUNTED)
    monkeypatch.syspath_prepend(str(tmp_path))
    log = tmp_path / "log"
    guilty = trajectory((call("hang"), call("fine")), id="g", log=str(log))
    innocent = trajectory((call("fine"),), id="i", log=str(log))
    async with open_trusted("python:counted_openings:Counted", batch_seconds=1, call_seconds=0.5) as runtime:
        first, second = await runtime.run([guilty, innocent])
    assert log.read_text() == "gggi"
    assert isinstance(first, TrustedExecution)
    assert isinstance(second, TrustedExecution)
    assert first.outcomes[1] == second.outcomes[0] == Returned(1)


async def test_what_an_environment_leaves_to_its_end_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tidied.py").write_text(TIDIED)
    monkeypatch.syspath_prepend(str(tmp_path))
    log = tmp_path / "log"
    async with open_trusted("python:tidied:Tidied") as runtime:
        await runtime.run([trajectory((call("fine"),), id="t", log=str(log))])
        assert not log.exists()
    assert log.read_text() == "freed, tidied"


async def test_a_run_call_by_call_tells_the_same_as_a_run_in_one_message() -> None:
    fine = ((call("move", parcel_id="P1"),), (), (call("find", parcel_id="P9"), call("whole_state")))
    fault = PlannedFault(kind=FaultKind.TIMEOUT, code="timeout", message="no answer")
    whole = TrustedTrajectory(record={}, turns=fine, faults={1: fault})
    dying = TrustedTrajectory(record={}, turns=(*fine, (call("die"),)), faults={1: fault})
    for reading in StateReading:
        one, other = await run_one(whole, read=reading), await run_one(dying, read=reading)
        assert other.turns[:-1] == one.turns
        assert (one.final_state is None) == (reading is StateReading.DIGEST)
        assert other.final_state == one.final_state
        assert other.final_state_digest == one.final_state_digest


@pytest.mark.parametrize("more", [(), (call("die"),)], ids=["in one message", "call by call"])
async def test_of_a_planned_truncated_result_the_first_half_arrives_and_the_change_stays(
    more: tuple[Call, ...],
) -> None:
    turn = (call("move", parcel_id="P1"), call("find", parcel_id="P1"), *more)
    fault = PlannedFault(kind=FaultKind.TOOL_ERROR, code="truncated_result", message="cut off:")
    done = await run_one(TrustedTrajectory(record={}, turns=(turn,), faults={0: fault}))
    whole = await run_one(TrustedTrajectory(record={}, turns=(turn,)))
    assert isinstance(whole.outcomes[0], Returned)
    text = orjson.dumps(whole.outcomes[0].value).decode()
    assert done.outcomes[0] == Fault(fault.kind, fault.code, f"cut off: {text[: len(text) // 2]}")
    assert done.outcomes[1] == whole.outcomes[1]


async def test_the_world_is_the_public_attributes_after_every_turn_and_call() -> None:
    turns = ((call("move", parcel_id="P1"), call("move", parcel_id="P2")), ())
    done = await run_one(trajectory(*turns), read=StateReading.CALL)
    first, second = done.turns
    assert done.final_state == {"moves": 2, "places": {"P1": "van", "P2": "van"}}
    assert first.state == second.state == done.final_state
    assert first.state_digest == done.final_state_digest == state_digest(done.final_state)
    assert len(set(first.call_digests)) == 2
    assert first.call_digests[-1] == done.final_state_digest


async def test_a_result_is_what_it_was_at_the_call_though_the_state_changes_later() -> None:
    done = await run_one(trajectory((call("whole_state"), call("move", parcel_id="P1"))))
    assert done.outcomes[0] == Returned({"P1": "depot", "P2": "depot"})


async def test_each_record_has_objects_of_its_own_made_of_that_record() -> None:
    async with open_trusted(DESK) as runtime:
        first, second, refused = await runtime.run(
            [
                trajectory((call("move", parcel_id="P1"),)),
                trajectory(
                    (call("find", parcel_id="P1"), call("find", parcel_id="P7")), places={"P7": "van"}
                ),
                trajectory((call("find", parcel_id="P1"),), refuse=True),
            ]
        )
    assert isinstance(first, TrustedExecution)
    assert isinstance(second, TrustedExecution)
    assert second.outcomes[0] == Returned({"parcel_id": "P1", "place": "depot"})
    assert second.outcomes[1] == Returned({"parcel_id": "P7", "place": "van"})
    assert refused == Unopened(reason="ValueError: this record is refused")


async def test_values_that_are_not_json_become_plain_json() -> None:
    done = await run_one(
        trajectory((call("move", parcel_id="P1"), call("today"))), source="python:parcel_desk:desk_and_clock"
    )
    assert tuple(done.outcomes) == (
        Returned({"parcel_id": "P1", "due": "2026-03-14", "weight": 1.5}),
        Returned("2026-03-02"),
    )
    assert done.final_state == {
        "desk": {"moves": 1, "places": {"P1": "van", "P2": "depot"}},
        "clock": {"ticks": 0},
    }


async def test_functions_in_a_list_are_tools_too() -> None:
    done = await run_one(trajectory((call("add", a=2), call("today"))), source="python:parcel_desk:functions")
    assert tuple(done.outcomes) == (Returned(3), Returned("2026-03-02"))
    assert done.final_state == {"Clock": {"ticks": 0}}


UNUSABLE = {
    "no form": ("nonsense", "write python:MODULE:FACTORY"),
    "bad form": ("python:x", "write python:MODULE:FACTORY"),
    "no module": ("python:no_such_module:make", "no_such_module"),
    "no name": ("python:parcel_desk:absent", "has no absent"),
}


@pytest.mark.parametrize(("source", "words"), UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_an_environment_that_cannot_be_imported_is_one_line(source: str, words: str) -> None:
    with pytest.raises(EnvironmentUnusable, match=words) as caught:
        async with open_trusted(source):
            pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"), [("twins", "two objects are called Clock"), ("nothing", "gave nothing")]
)
async def test_objects_that_cannot_be_told_apart_open_no_record(name: str, words: str) -> None:
    async with open_trusted(f"python:parcel_desk:{name}") as runtime:
        (done,) = await runtime.run([trajectory((call("today"),))])
    assert isinstance(done, Unopened)
    assert words in done.reason


async def test_the_tools_of_a_class_are_described_without_making_one() -> None:
    async with open_trusted(DESK) as runtime:
        tools: tuple[Any, ...] = await runtime.tools()
    described = {tool["function"]["name"]: tool["function"] for tool in tools}
    assert list(described)[:2] == ["find", "move"]
    assert described["move"]["parameters"]["properties"]["place"] == {
        "type": "string",
        "enum": ["depot", "van"],
        "default": "van",
    }


async def test_methods_are_tools_of_the_names_that_they_are_given_and_their_object_is_the_world() -> None:
    calls = (call("store", thing="lamp"), call("look"), call("put", thing="x"))
    done = await run_one(trajectory(calls), source="python:shapes:by_method")
    assert done.outcomes[:2] == (Returned(1), Returned(["lamp"]))
    assert isinstance(done.outcomes[2], Fault)
    assert done.final_state == {"Shelf": {"things": ["lamp"]}}


async def test_functions_without_a_name_of_their_own_have_the_one_they_are_given() -> None:
    calls = (call("double", number=4), call("size", obj="abc"))
    done = await run_one(trajectory(calls), source="python:shapes:by_function")
    assert done.outcomes[0] == Returned(8)


async def test_plain_data_beside_functions_is_the_world() -> None:
    done = await run_one(trajectory((call("store", thing="lamp"),)), source="python:shapes:by_data")
    assert done.outcomes[0] == Returned(1)
    assert done.final_state == {"data": {"things": ["lamp"]}}


async def test_an_async_tool_is_waited_for_and_a_generator_is_no_result() -> None:
    calls = (call("put", thing="lamp"), call("look"), call("walk"), call("put", thing="mat"))
    done = await run_one(trajectory(calls), source="python:shapes:by_list")
    put, look, walk, again = done.outcomes
    assert (put, look, again) == (Returned(1), Returned(["lamp"]), Returned(2))
    assert isinstance(walk, Fault)
    assert "generator" in walk.message


async def test_an_environment_without_tools_says_so() -> None:
    async with open_trusted("python:shapes:nothing") as runtime:
        (done,) = await runtime.run([trajectory((call("look"),))])
    assert isinstance(done, Unopened)
    assert "there are no tools" in done.reason


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (b'{"id": "mine", "a": 1}', {"id": "mine", "a": 1}),
        (b'{"a": "\xc3\xbc"}', {"a": "\u00fc", "id": "theirs"}),
        (b"[1, 2]", {"record": [1, 2], "id": "theirs"}),
        (b"7", {"record": 7, "id": "theirs"}),
        (b"", {"id": "theirs"}),
        (b"{torn", {"id": "theirs"}),
        (b'{"a": "\xff"}', {"a": "\ufffd", "id": "theirs"}),
    ],
)
async def test_a_record_may_be_given_as_it_stands_in_a_file(text: bytes, record: JsonValue) -> None:
    given = TrustedTrajectory(record=WrittenRecord(text=text, id="theirs"), turns=((call("show"),),))
    done = await run_one(given, source="python:parcel_desk:Mirror")
    assert tuple(done.outcomes) == (Returned(record),)


async def test_a_written_record_whose_call_ends_the_worker_is_opened_again() -> None:
    calls = (call("find", parcel_id="P1"), call("die"), call("find", parcel_id="P1"))
    text = orjson.dumps({"places": {"P1": "van"}})
    done = await run_one(TrustedTrajectory(record=WrittenRecord(text=text, id="x"), turns=(calls,)))
    found, died, again = done.outcomes
    assert found == again == Returned({"parcel_id": "P1", "place": "van"})
    assert isinstance(died, Fault)
