"""Judges a batch of raw records by what stands in them: the unit of work of one process."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from toolace_mt.auditing.gaps import static_gaps
from toolace_mt.auditing.report import Verdict
from toolace_mt.auditing.shown import shown_dialogue
from toolace_mt.checks import Pairing, judge, recorded_error
from toolace_mt.findings import Finding
from toolace_mt.formats import (
    Consumed,
    Format,
    RawRecord,
    Unreadable,
    UnreadableFileError,
    companions_of,
    find_format,
    joined_records,
    raw_records,
    read_records,
)
from toolace_mt.provenance import forget_texts
from toolace_mt.transcript import JsonObject, Place, Transcript

__all__ = ["Batch", "Judged", "Task", "batches", "judge_batch", "judge_in_parts"]

_BATCH_RECORDS = 256
_BATCH_BYTES = 2 * 1024 * 1024
_SHOWN_PER_RULE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """How to judge the records of one file.

    ``catalogues`` are schema files, which the user named or which were found near the file.
    ``show`` asks for the dialogues of some findings; ``was_named`` is False for a file that was found in a
    folder, which may hold anything.
    """

    file: str
    format: str
    catalogues: tuple[str, ...]
    chosen: frozenset[str]
    catalogues_were_found: bool = False
    reads: frozenset[str] | None = None
    keep_transcripts: bool = False
    show: bool = False
    was_named: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Neighbouring records of one file, and how to judge them.

    ``bytes_read`` is how much was read of all files up to here.
    """

    task: Task
    records: tuple[RawRecord, ...]
    bytes_read: int


class Judged(NamedTuple):
    """A verdict, the transcript and its pairing where it is to be executed, and the dialogue where it is to
    be shown.

    A tuple, as the verdict and its place are: processes send each other many, and tuples pickle best.
    ``is_question`` tells that the record asks and neither calls nor answers.
    """

    verdict: Verdict
    transcript: Transcript | None = None
    pairing: Pairing | None = None
    shown: JsonObject | None = None
    is_question: bool = False


def batches(task: Task, *, before: int = 0) -> Iterator[Batch]:
    """Cut a file into batches, bounded in records and in bytes; ``before`` are the bytes of earlier files.

    Raise UnreadableFileError if the file was named and cannot be read; one that was found in a folder is a
    record that cannot be read, as is a named one that holds nothing.
    """
    consumed = Consumed()
    raw = raw_records(Path(task.file), consumed=consumed)
    records = joined_records(_or_nothing(raw) if task.was_named else _with_trouble(raw))
    while part := tuple(_next_part(records)):
        yield Batch(task=task, records=part, bytes_read=before + consumed.bytes)


def _or_nothing(records: Iterator[RawRecord]) -> Iterator[RawRecord]:
    first = next(records, None)
    yield first or RawRecord(number=0, text=b"", reason="the file holds no record")
    yield from records


def _with_trouble(records: Iterator[RawRecord]) -> Iterator[RawRecord]:
    number = 0
    try:
        for record in records:
            number = record.number + 1
            yield record
    except UnreadableFileError as error:
        yield RawRecord(number=number, text=b"", reason=str(error))


def _next_part(records: Iterator[RawRecord]) -> Iterator[RawRecord]:
    size = 0
    for record in islice(records, _BATCH_RECORDS):
        yield record
        size += len(record.text)
        if size > _BATCH_BYTES:
            return


@lru_cache(maxsize=8)
def _dialect(name: str) -> Format | None:
    return None if name == "auto" else find_format(name)


def judge_batch(batch: Batch) -> list[list[Judged]]:
    """Judge the dialogues of each record of the batch; pure, and fit to run in another process."""
    (judged,) = judge_in_parts(batch, len(batch.records))
    return judged


def judge_in_parts(batch: Batch, most: int) -> Iterator[list[list[Judged]]]:
    """Do the same, ``most`` records at a time, so that something else may go on in between.

    Each time gives all that are judged by then, in one list.
    """
    judged: list[list[Judged]] = []
    shown: dict[str, int] = {}
    for first in range(0, len(batch.records), most):
        part = batch.records[first : first + most]
        with _without_collection():
            try:
                judged += _judge_records(part, batch, shown)
            finally:
                forget_texts()
        yield judged if len(judged) < len(batch.records) else _with_note(batch, judged)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Parsed JSON holds no cycles, so looking for them within a batch is a tenth of the time lost."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _judge_records(records: Sequence[RawRecord], batch: Batch, shown: dict[str, int]) -> list[list[Judged]]:
    task = batch.task
    dialect = _dialect(task.format)
    companions = companions_of(task.file, task.catalogues, were_found=task.catalogues_were_found)
    judged: list[list[Judged]] = []
    for raw in records:
        place = Place(file=task.file, record=raw.number)
        judged.append(
            [
                _unreadable(found, raw, task, alone=len(batch.records) == 1 and raw.number == 0)
                if isinstance(found, Unreadable)
                else _judge(found, raw, place, task, shown)
                for found in read_records(raw, place, dialect, companions)
            ]
        )
    return judged


def _with_note(batch: Batch, judged: list[list[Judged]]) -> list[list[Judged]]:
    """Say once, at a file's first record, that its questions have no answers."""
    if batch.records[0].number != 0 or "TA003" not in batch.task.chosen or not judged[0]:
        return judged
    if not all(part.is_question for record in judged for part in record):
        return judged
    name = Path(batch.task.file).name
    note = Finding(
        rule="TA003", message=f"questions without answers: no possible_answer/{name} was found near the file"
    )
    first = judged[0][0]
    verdict = first.verdict._replace(findings=(*first.verdict.findings, note))
    return [[first._replace(verdict=verdict), *judged[0][1:]], *judged[1:]]


def _unreadable(found: Unreadable, raw: RawRecord, task: Task, *, alone: bool) -> Judged:
    is_no_dataset = found.is_foreign and alone and not task.was_named
    rule = "TA003" if is_no_dataset else "TA001"
    reason = "one JSON object without a dialogue or tools: no dataset" if is_no_dataset else found.reason
    findings = (Finding(rule=rule, message=reason[:300]),) if rule in task.chosen else ()
    verdict = Verdict(place=found.place, dialogue=None, findings=findings, content=_digest(raw))
    return Judged(verdict=verdict)


def _digest(raw: RawRecord) -> str:
    """Tell a record from others by what stands in it, wherever in its file that is."""
    return hashlib.blake2b(raw.text or (raw.reason or "").encode(), digest_size=8).hexdigest()


def _judge(transcript: Transcript, raw: RawRecord, place: Place, task: Task, shown: dict[str, int]) -> Judged:
    judgement = judge(transcript, reads=task.reads, chosen=task.chosen)
    transcript = judgement.transcript
    findings = judgement.findings
    if findings:
        findings = tuple(finding for finding in findings if finding.rule in task.chosen)
    may_be_found = bool(findings) or task.keep_transcripts
    verdict = Verdict(
        place=place,
        dialogue=transcript.id,
        findings=findings,
        levels=judgement.levels,
        called={site.where: site.call.name for site in judgement.pairing.sites},
        failed=_failed(transcript, judgement.pairing) if task.show else (),
        turns=len(transcript.messages),
        declared=len(transcript.tools or ()),
        gaps=static_gaps(
            judgement.levels,
            judgement.findings,
            answered=len(judgement.pairing.answers),
            declares_tools=transcript.tools is not None,
            is_traced=judgement.sources is not None,
        ),
        content=_digest(raw) if may_be_found and transcript.id == place.as_id else None,
    )
    wanted = bool(findings) and task.show and _is_wanted(findings, shown)
    return Judged(
        verdict=verdict,
        transcript=transcript if task.keep_transcripts else None,
        pairing=judgement.pairing if task.keep_transcripts else None,
        shown=shown_dialogue(transcript, judgement.sources, findings) if wanted else None,
        is_question=transcript.is_reference and _only_asks(transcript),
    )


def _only_asks(transcript: Transcript) -> bool:
    messages = transcript.messages
    return bool(messages) and messages[-1].role == "user" and not any(message.calls for message in messages)


def _failed(transcript: Transcript, pairing: Pairing) -> tuple[tuple[int, int], ...]:
    """Give the calls of which the record says that they failed."""
    messages = transcript.messages
    return tuple(
        site for site, answer in pairing.answers.items() if recorded_error(messages[answer].value) is not None
    )


def _is_wanted(findings: tuple[Finding, ...], shown: dict[str, int]) -> bool:
    """Tell whether one of the rules has been shown few times in this batch."""
    wanted = any(shown.get(finding.rule, 0) < _SHOWN_PER_RULE for finding in findings)
    if wanted:
        for rule in {finding.rule for finding in findings}:
            shown[rule] = shown.get(rule, 0) + 1
    return wanted
