"""What a run keeps: each attempt's outcome in the journal, and the files that are made from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from engine import JobRecord, Journal, JournalReader
from toolace_mt.errors import RunFolderError
from toolace_mt.outcome import Outcome
from toolace_mt.whole_files import whole_file

__all__ = ["JOURNAL_NAME", "Refused", "Round", "Store", "Verdict", "verdicts_of"]

JOURNAL_NAME: Final = "run.sqlite"
_IDENTITY: Final = "identity"


class _Written(msgspec.Struct, gc=False):
    """A stored outcome whose lines stay as they were written."""

    record: msgspec.Raw
    preferences: tuple[msgspec.Raw, ...]


class Refused(msgspec.Struct, gc=False):
    """A fill that was not taken."""

    rule: str


class Round(msgspec.Struct, gc=False):
    """One round of refinement, as ``metadata.refinement`` has it: turns by their places."""

    masked: tuple[int, ...]
    replaced: tuple[int, ...]
    refused: tuple[Refused, ...]


class _Metadata(msgspec.Struct, gc=False):
    refinement: tuple[Round, ...] = ()


class _Record(msgspec.Struct, gc=False):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _Judged(msgspec.Struct, gc=False):
    rule: str | None
    record: _Record


class Verdict(NamedTuple):
    """What became of an attempt: the rule is of a rejected one."""

    status: str
    rule: str | None
    rounds: tuple[Round, ...]


_FILES: Final = ("dialogues.jsonl", "rejected.jsonl", "preferences.jsonl")
_LINES: Final = msgspec.json.Decoder(_Written)
_VERDICTS: Final = msgspec.json.Decoder(_Judged)


class Store:
    """A run's folder, open for writing.

    The journal is the truth; ``dialogues.jsonl``, ``rejected.jsonl`` and ``preferences.jsonl`` are made from
    it, sorted by id, whenever a run stops.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder = folder
        self.journal = journal

    @property
    def has_begun(self) -> bool:
        """Something is stored that was paid for."""
        return bool(self.journal.totals()) or next(iter(self.journal.jobs()), None) is not None

    async def claim(self, identity: Mapping[str, Any]) -> None:
        """Make the folder this run's own, or check that it is.  A run that got no answer leaves it free.

        Raises ``RunFolderError`` that names the first setting that differs from the run in the folder.
        """
        stored = self.journal.meta(_IDENTITY)
        if stored is None or not self.has_begun:
            self._refuse_files_of_others()
            await self.journal.set_meta(_IDENTITY, orjson.dumps(identity).decode())
            return
        before = orjson.loads(stored)
        for key in sorted({*identity, *before}):
            if before.get(key) != orjson.loads(orjson.dumps(identity.get(key))):
                raise RunFolderError(
                    f"{self.folder} holds another run: its {key} is {_short(before.get(key))}, now it is "
                    f"{_short(identity.get(key))}; choose another --out or the same settings"
                )

    def _refuse_files_of_others(self) -> None:
        """Files without a journal that they are made from would be written over."""
        for name in _FILES:
            file = self.folder / name
            if file.is_file() and file.stat().st_size:
                raise RunFolderError(
                    f"{file} is there and the journal it was made from is not: choose another --out, or move "
                    "it away"
                )

    def finished(self, key: str) -> Outcome | None:
        """The stored outcome of an attempt."""
        record = self.journal.job(key)
        return None if record is None else Outcome.from_json(orjson.loads(record.outcome))

    async def keep(self, key: str, outcome: Outcome) -> None:
        await self.journal.store_job(key, outcome.status, orjson.dumps(outcome.as_json()).decode())

    def write_files(self, wanted: int) -> None:
        """Write the three data files anew, with at most ``wanted`` accepted dialogues.

        Raises ``OSError`` that names the file; what was there is not harmed.
        """
        files = [self.folder / name for name in _FILES]
        with (
            whole_file(files[0]) as accepted,
            whole_file(files[1]) as rejected,
            whole_file(files[2]) as pairs,
        ):
            for record in _counted(self.journal, wanted):
                written = _LINES.decode(record.outcome)
                records = accepted if record.status == "accepted" else rejected
                records.writelines((written.record, b"\n"))
                for pair in written.preferences:
                    pairs.writelines((pair, b"\n"))


def verdicts_of(journal: Journal | JournalReader, wanted: int) -> Iterator[Verdict]:
    """What became of each attempt that ``write_files`` writes."""
    for record in _counted(journal, wanted):
        judged = _VERDICTS.decode(record.outcome)
        yield Verdict(record.status, judged.rule, judged.record.metadata.refinement)


def _counted(journal: Journal | JournalReader, wanted: int) -> Iterator[JobRecord]:
    """The stored outcomes by id, up to the one that makes ``wanted`` accepted.

    There may be more: an attempt that got no verdict is replaced by a later one, and made again on resume.
    """
    accepted = 0
    for record in journal.jobs():
        if accepted == wanted:
            return
        accepted += record.status == "accepted"
        yield record


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
