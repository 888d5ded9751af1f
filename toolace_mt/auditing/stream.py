"""Batches judged and executed, a few at once and given in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain, islice

import anyio
import anyio.lowlevel

from toolace_mt.auditing.batch import Batch, Judged, judge_batch
from toolace_mt.auditing.environment import Environment, Recorded, with_execution
from toolace_mt.auditing.home_judge import HomeJudge
from toolace_mt.auditing.judges import AT_HOME, open_judges
from toolace_mt.auditing.report import Verdict

__all__ = ["Audited", "audited"]

_AHEAD_PER_JOB = 4
_ON_EXECUTION = ("TA5", "TA6")
_Judging = Callable[[Batch], Awaitable[list[list[Judged]]]]


class Audited:
    """A batch, the judgement of each of its records, and the verdicts after execution."""

    __slots__ = ("_done", "batch", "judged", "verdicts")

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.judged: list[list[Judged]] = []
        self.verdicts: list[list[Verdict]] = []
        self._done = anyio.Event()

    async def work(self, judge: _Judging, environment: Environment | None) -> None:
        """Judge, while others execute, and execute."""
        self.judged = await judge(self.batch)
        self.verdicts = await _verdicts(self.batch, self.judged, environment)
        self._done.set()

    async def finished(self) -> Audited:
        await self._done.wait()
        return self


async def audited(
    todo: Iterator[Batch], *, jobs: int, environment: Environment | None
) -> AsyncIterator[Audited]:
    """Judge the batches, execute their calls if there is an environment, and give them in order."""
    if jobs == 1 and environment is None:
        for batch in todo:
            await anyio.lowlevel.checkpoint()
            one = Audited(batch)
            one.judged = judge_batch(batch)
            one.verdicts = [[part.verdict for part in record] for record in one.judged]
            yield one
        return
    ahead: deque[Audited] = deque()
    first = list(islice(todo, AT_HOME + 1))
    judging = 1 if first and _is_only_run(first[0]) else jobs
    async with _judging(judging, has_much=len(first) > AT_HOME) as judge, anyio.create_task_group() as group:
        for batch in chain(first, todo):
            one = Audited(batch)
            group.start_soon(one.work, judge, environment)
            ahead.append(one)
            await anyio.lowlevel.checkpoint()
            if len(ahead) >= jobs * _AHEAD_PER_JOB:
                yield await ahead.popleft().finished()
        while ahead:
            yield await ahead.popleft().finished()


def _is_only_run(batch: Batch) -> bool:
    """Tell whether only rules on execution are chosen: then sending a record costs more than judging it."""
    return all(rule.startswith(_ON_EXECUTION) for rule in batch.task.chosen)


@asynccontextmanager
async def _judging(jobs: int, *, has_much: bool) -> AsyncIterator[_Judging]:
    """Judge here with one job, else in other processes, which start at once if there is much to do."""
    if jobs > 1:
        async with open_judges(jobs) as judges:
            if has_much:
                judges.start()
            yield judges.judge
    else:
        yield HomeJudge().judge


async def _verdicts(
    batch: Batch, judged: Sequence[Sequence[Judged]], environment: Environment | None
) -> list[list[Verdict]]:
    if environment is None:
        return [[part.verdict for part in one] for one in judged]
    records = [
        Recorded(transcript=part.transcript, text=raw.text)
        for raw, one in zip(batch.records, judged, strict=True)
        for part in one
        if part.transcript is not None
    ]
    runs = iter(await environment.execute(records))
    chosen = batch.task.chosen
    return [
        [
            part.verdict if part.transcript is None else with_execution(part, next(runs), chosen)
            for part in one
        ]
        for one in judged
    ]
