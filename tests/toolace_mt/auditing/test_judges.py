"""The processes that judge: what they answer, what a fault of theirs is, and that they end."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from tests.children import children
from tests.toolace_mt.auditing.measured import openai_record
from toolace_mt.auditing.batch import Batch, Judged, Task, batches, judge_batch, judge_in_parts
from toolace_mt.auditing.home_judge import HomeJudge
from toolace_mt.auditing.judges import AT_HOME, JobsUnusableError, open_judges
from toolace_mt.checks import RULES
from toolace_mt.formats import FormatError, UnreadableFileError

pytestmark = pytest.mark.anyio


def _batch(folder: Path, dialect: str = "auto") -> Batch:
    file = folder / "some.jsonl"
    file.write_bytes(json.dumps(openai_record('{"extra": 1}')).encode() + b"\n")
    chosen = frozenset(rule.code for rule in RULES)
    task = Task(file=str(file), format=dialect, catalogues=(), chosen=chosen, keep_transcripts=True)
    return next(batches(task))


async def test_a_process_judges_as_this_one_does(tmp_path: Path) -> None:
    batch = _batch(tmp_path)
    async with open_judges(2, at_home=0) as judges:
        assert await judges.judge(batch) == judge_batch(batch)


def test_a_file_of_a_folder_that_cannot_be_read_is_a_finding_and_a_named_one_an_error(tmp_path: Path) -> None:
    task = replace(_batch(tmp_path).task, file=str(tmp_path / "gone.jsonl"))
    with pytest.raises(UnreadableFileError, match="cannot read"):
        next(batches(task))
    (batch,) = batches(replace(task, was_named=False))
    ((judged,),) = judge_batch(batch)
    (finding,) = judged.verdict.findings
    assert finding.rule == "TA001"
    assert finding.message.startswith("cannot read")


def _many(folder: Path, records: list[dict[str, object]]) -> Batch:
    file = folder / "many.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    chosen = frozenset(rule.code for rule in RULES)
    task = Task(file=str(file), format="auto", catalogues=(), chosen=chosen, keep_transcripts=True, show=True)
    return next(batches(task))


@pytest.mark.parametrize("most", [1, 2, 3, 7, 100])
def test_judging_in_parts_judges_as_at_once(tmp_path: Path, most: int) -> None:
    faulty = [openai_record('{"extra": 1}') for _ in range(7)]  # more than are shown of a batch
    questions: list[dict[str, object]] = [
        {"id": f"q_{number}", "question": [[{"role": "user", "content": "Hi"}]], "function": []}
        for number in range(5)
    ]
    for records in (faulty, questions, questions + faulty):
        batch = _many(tmp_path, records)
        *_, last = judge_in_parts(batch, most)
        assert last == judge_batch(batch)
        assert len(last) == len(records)


async def test_at_home_batches_are_judged_in_turn_and_beside_other_work(tmp_path: Path) -> None:
    short = _many(tmp_path, [openai_record('{"extra": 1}') for _ in range(9)])
    long = _many(tmp_path, [openai_record(json.dumps({"extra": "x" * 200_000}))])
    home = HomeJudge()
    ended: list[str] = []

    async def judge(name: str, batch: Batch) -> None:
        assert await home.judge(batch) == judge_batch(batch)
        ended.append(name)

    async with anyio.create_task_group() as tasks:
        for name, batch in (("first", short), ("second", long), ("third", short)):
            tasks.start_soon(judge, name, batch)
            await anyio.lowlevel.checkpoint()
        assert not ended
    assert ended == ["first", "second", "third"]


async def test_what_judging_raises_is_raised_here_and_the_process_judges_on(tmp_path: Path) -> None:
    batch = _batch(tmp_path)
    async with open_judges(1, at_home=0) as judges:
        with pytest.raises(FormatError, match="unknown format 'nothing'"):
            await judges.judge(_batch(tmp_path, "nothing"))
        assert await judges.judge(batch) == judge_batch(batch)


async def test_a_process_that_ended_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    batch = _batch(tmp_path)
    before = children()
    async with open_judges(1, at_home=0) as judges:
        await judges.judge(batch)
        for pid in children() - before:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(JobsUnusableError, match="take one job"):
            await judges.judge(batch)


async def test_who_no_longer_waits_for_a_judgement_leaves_no_process_behind(tmp_path: Path) -> None:
    batch = _batch(tmp_path)
    before = children()
    with anyio.CancelScope() as scope:
        async with open_judges(2, at_home=0) as judges, anyio.create_task_group() as tasks:
            tasks.start_soon(judges.judge, batch)
            await anyio.lowlevel.checkpoint()
            scope.cancel()
    assert children() <= before


async def test_batches_that_wait_for_one_process_get_their_own_judgements(tmp_path: Path) -> None:
    batch = _batch(tmp_path)
    (record,) = batch.records
    single = [replace(batch, records=(replace(record, number=number),)) for number in range(16)]
    judged: dict[int, list[list[Judged]]] = {}

    async def judge(number: int) -> None:
        judged[number] = await judges.judge(single[number])

    async with open_judges(1, at_home=0) as judges, anyio.create_task_group() as tasks:
        for number in range(len(single)):
            tasks.start_soon(judge, number)
    assert [judged[number] for number in range(len(single))] == [judge_batch(one) for one in single]


async def test_a_few_batches_start_no_process(tmp_path: Path) -> None:
    batch = _batch(tmp_path)
    before = children()
    async with open_judges(2) as judges:
        assert [await judges.judge(batch) for _ in range(AT_HOME)] == [judge_batch(batch)] * AT_HOME
        assert children() <= before
        assert await judges.judge(batch) == judge_batch(batch)
        assert len(children() - before) == 2
    assert children() <= before
