"""What a run keeps: each attempt's outcome in the journal, and the files that are made from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from engine import Journal, JournalReader
from toolace_mt.errors import RunFolderError
from toolace_mt.outcome import Outcome
from toolace_mt.whole_files import write_whole

__all__ = ["JOURNAL_NAME", "Store", "outcomes_of"]

JOURNAL_NAME: Final = "run.sqlite"
_IDENTITY: Final = "identity"


class Store:
    """A run's folder, open for writing.

    The journal is the truth; ``dialogues.jsonl``, ``rejected.jsonl`` and ``preferences.jsonl`` are made from
    it, sorted by id, whenever a run stops.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder = folder
        self.journal = journal

    async def claim(self, identity: Mapping[str, Any]) -> None:
        """Make the folder this run's own, or check that it is.

        Raises ``RunFolderError`` that names the first setting that differs from the run in the folder.
        """
        stored = self.journal.meta(_IDENTITY)
        if stored is None:
            await self.journal.set_meta(_IDENTITY, orjson.dumps(identity).decode())
            return
        before = orjson.loads(stored)
        for key in sorted({*identity, *before}):
            if before.get(key) != orjson.loads(orjson.dumps(identity.get(key))):
                raise RunFolderError(
                    f"{self.folder} holds another run: its {key} is {_short(before.get(key))}, now it is "
                    f"{_short(identity.get(key))}; choose another --out or the same settings"
                )

    def finished(self, key: str) -> Outcome | None:
        """The stored outcome of an attempt."""
        record = self.journal.job(key)
        return None if record is None else Outcome.from_json(orjson.loads(record.outcome))

    async def keep(self, key: str, outcome: Outcome) -> None:
        await self.journal.store_job(key, outcome.status, orjson.dumps(outcome.as_json()).decode())

    def write_files(self) -> None:
        """Write the three data files anew.  Raises ``RunFolderError`` when the disk does not let it."""
        try:
            for name, lines in (
                ("dialogues.jsonl", self._records("accepted")),
                ("rejected.jsonl", self._records("rejected")),
                ("preferences.jsonl", self._preferences()),
            ):
                write_whole(self.folder / name, lines)
        except OSError as error:
            raise RunFolderError(
                f"{self.folder}: {error.strerror}; nothing that was there is harmed"
            ) from None

    def _records(self, status: str) -> Iterator[bytes]:
        for outcome in outcomes_of(self.journal):
            if outcome.status == status:
                yield orjson.dumps(outcome.record) + b"\n"

    def _preferences(self) -> Iterator[bytes]:
        for outcome in outcomes_of(self.journal):
            for preference in outcome.preferences:
                yield orjson.dumps(preference) + b"\n"


def outcomes_of(journal: Journal | JournalReader) -> Iterator[Outcome]:
    """Every stored outcome, by id."""
    for record in journal.jobs():
        yield Outcome.from_json(orjson.loads(record.outcome))


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
