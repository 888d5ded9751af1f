"""Judges in this process, while its event loop serves what executes."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import anyio.to_thread

from toolace_mt.auditing.batch import Batch, Judged, judge_batch, judge_in_parts

__all__ = ["HomeJudge"]

_AT_ONCE = 4
_SHORT_BYTES = 128 * 1024


class HomeJudge:
    """Judges one batch after another, a few short records at a time.

    Workers wait less for that than for a thread to give up the interpreter's lock, which gives up to a fifth
    more dialogues.  A long record goes to a thread: nothing that has a deadline may wait until it is judged.
    """

    def __init__(self) -> None:
        self._turn = anyio.Lock()

    async def judge(self, batch: Batch) -> list[list[Judged]]:
        """Have a batch judged in its turn."""
        async with self._turn:
            if any(len(record.text) > _SHORT_BYTES for record in batch.records):
                return await anyio.to_thread.run_sync(judge_batch, batch)
            judged: list[list[Judged]] = []
            for so_far in judge_in_parts(batch, _AT_ONCE):
                judged = so_far
                await anyio.lowlevel.checkpoint()
            return judged
