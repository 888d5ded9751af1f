"""Dataset dialects: how to recognise, read and write the records of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from toolace_mt.formats.base import (
    Format,
    FormatError,
    Unreadable,
    UnreadableFileError,
    UnreadableRecordError,
)
from toolace_mt.formats.containers import MAX_RECORD_BYTES, RawRecord, parse_record, raw_records
from toolace_mt.formats.json_text import NotJsonError, dump_json, parse_json
from toolace_mt.formats.openai import OpenAIFormat
from toolace_mt.formats.own import OwnFormat
from toolace_mt.transcript import Place, Transcript

__all__ = [
    "FORMATS",
    "MAX_RECORD_BYTES",
    "Format",
    "FormatError",
    "NotJsonError",
    "RawRecord",
    "Unreadable",
    "UnreadableFileError",
    "UnreadableRecordError",
    "dump_json",
    "find_format",
    "parse_json",
    "parse_record",
    "raw_records",
    "read",
    "read_record",
]

FORMATS: tuple[Format, ...] = (OwnFormat(), OpenAIFormat())
"""Every dialect, the more special first: detection takes the first that fits."""


def find_format(name: str) -> Format:
    """Give the dialect of this name; raise FormatError if there is none."""
    for known in FORMATS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in FORMATS)
    raise FormatError(f"unknown format {name!r}; known are auto, {names}")


def read(path: str | Path, format: str = "auto") -> Iterator[Transcript | Unreadable]:
    """Read a file's records in order; what cannot be read comes as Unreadable, in its place.

    With ``auto`` each record is read in the first dialect that fits it.  Raise UnreadableFileError if the
    file cannot be opened, and FormatError for an unknown format.
    """
    dialect = None if format == "auto" else find_format(format)
    for raw in raw_records(Path(path)):
        yield read_record(raw, Place(file=str(path), record=raw.number), dialect)


def read_record(raw: RawRecord, place: Place, dialect: Format | None) -> Transcript | Unreadable:
    """Read one record in the given dialect, or in the first that fits it."""
    try:
        value = parse_record(raw)
        chosen = dialect or next((known for known in FORMATS if known.detect(value)), None)
        if chosen is None:
            return Unreadable(place=place, reason="no known dialect fits the record; name one with --format")
        return chosen.read(value, place)
    except (NotJsonError, UnreadableRecordError) as error:
        return Unreadable(place=place, reason=str(error))
