"""Judges a batch of raw records by what stands in them: the unit of work of one process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from toolace_mt.auditing.report import Verdict
from toolace_mt.checks import judge
from toolace_mt.findings import Finding
from toolace_mt.formats import RawRecord, Unreadable, find_format, raw_records, read_record
from toolace_mt.transcript import Place, Transcript

__all__ = ["Batch", "Judged", "batches", "judge_batch"]

_BATCH_RECORDS = 128
_BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Neighbouring records of one file, and how to judge them."""

    file: str
    records: tuple[RawRecord, ...]
    format: str
    chosen: frozenset[str]
    reads: frozenset[str] | None = None
    keep_transcripts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict, and the transcript where it is still to be executed."""

    verdict: Verdict
    transcript: Transcript | None = None


def batches(
    path: str,
    *,
    dialect: str,
    chosen: frozenset[str],
    reads: frozenset[str] | None,
    keep_transcripts: bool,
) -> Iterator[Batch]:
    """Cut a file into batches, bounded in records and in bytes."""
    records = raw_records(Path(path))
    while part := tuple(_next_part(records)):
        yield Batch(
            file=path,
            records=part,
            format=dialect,
            chosen=chosen,
            reads=reads,
            keep_transcripts=keep_transcripts,
        )


def _next_part(records: Iterator[RawRecord]) -> Iterator[RawRecord]:
    size = 0
    for record in islice(records, _BATCH_RECORDS):
        yield record
        size += len(record.text)
        if size > _BATCH_BYTES:
            return


def judge_batch(batch: Batch) -> list[Judged]:
    """Judge each record of the batch; pure, and fit to run in another process."""
    dialect = None if batch.format == "auto" else find_format(batch.format)
    judged: list[Judged] = []
    for raw in batch.records:
        place = Place(file=batch.file, record=raw.number)
        found = read_record(raw, place, dialect)
        judged.append(
            _unreadable(found, batch) if isinstance(found, Unreadable) else _judge(found, place, batch)
        )
    return judged


def _unreadable(found: Unreadable, batch: Batch) -> Judged:
    findings = (Finding(rule="TA001", message=found.reason[:300]),) if "TA001" in batch.chosen else ()
    return Judged(verdict=Verdict(place=found.place, dialogue=None, findings=findings))


def _judge(transcript: Transcript, place: Place, batch: Batch) -> Judged:
    judgement = judge(transcript, reads=batch.reads)
    verdict = Verdict(
        place=place,
        dialogue=transcript.id,
        findings=tuple(finding for finding in judgement.findings if finding.rule in batch.chosen),
        levels=judgement.levels,
    )
    return Judged(verdict=verdict, transcript=transcript if batch.keep_transcripts else None)
