"""Takes in what is reached, batch by batch: into the report, the journal, and before whoever watches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from toolace_mt.auditing.batch import Batch
from toolace_mt.auditing.collected import Collected
from toolace_mt.auditing.journal import AuditJournal, Reached
from toolace_mt.auditing.report import AuditReport
from toolace_mt.auditing.watching import AuditProgressed, Watcher

__all__ = ["Record"]


@dataclass(slots=True, kw_only=True)
class Record:
    """An audit in progress.  ``journal`` is None if it leaves no files."""

    collected: Collected
    journal: AuditJournal | None
    watch: Watcher | None
    bytes_total: int | None

    def go_on(self, todo: Iterator[Batch]) -> None:
        """Take from the journal what a stopped audit reached, and the batches that it judged off ``todo``."""
        if self.journal is not None:
            for reached, batch in zip(self.journal.earlier(), todo, strict=False):
                self._collect(batch, reached)

    def add(self, batch: Batch, reached: Reached) -> None:
        """Take in one more batch."""
        if self.journal is not None:
            self.journal.add(reached.judged, reached.verdicts)
        self._collect(batch, reached)

    def _collect(self, batch: Batch, reached: Reached) -> None:
        for raw, judged, verdicts in zip(batch.records, reached.judged, reached.verdicts, strict=True):
            self.collected.add(raw, verdicts, judged)
        if self.watch is not None:
            progressed = AuditProgressed(
                records=self.collected.tally.records,
                findings=len(self.collected.findings),
                bytes_read=batch.bytes_read,
                bytes_total=self.bytes_total,
            )
            self.watch(progressed)

    def finish(self, *, interrupted: bool) -> AuditReport:
        """Give the report and put the files in place; the journal stays only if there is more to do."""
        report = self.collected.finish(interrupted=interrupted)
        if self.journal is not None and not interrupted:
            self.journal.remove()
        return report
