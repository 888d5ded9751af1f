"""Dataset dialects: how to recognise, read and write the records of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from toolace_mt.formats.base import (
    Format,
    FormatError,
    NotWritableError,
    Unreadable,
    UnreadableFileError,
    UnreadableRecordError,
    WritableFormat,
)
from toolace_mt.formats.companions import Companions, companions_of, is_catalogue_file
from toolace_mt.formats.containers import MAX_RECORD_BYTES, Consumed, RawRecord, parse_record, raw_records
from toolace_mt.formats.files import STANDARD_INPUT, data_files
from toolace_mt.formats.json_text import NotJsonError, dump_json, parse_json
from toolace_mt.formats.registry import FORMATS, find_format, read_record, read_records, writable
from toolace_mt.formats.splitting import joined_records
from toolace_mt.transcript import Place, Transcript

__all__ = [
    "FORMATS",
    "MAX_RECORD_BYTES",
    "STANDARD_INPUT",
    "Companions",
    "Consumed",
    "Format",
    "FormatError",
    "NotJsonError",
    "NotWritableError",
    "RawRecord",
    "Unreadable",
    "UnreadableFileError",
    "UnreadableRecordError",
    "WritableFormat",
    "companions_of",
    "data_files",
    "dump_json",
    "find_format",
    "is_catalogue_file",
    "joined_records",
    "parse_json",
    "parse_record",
    "raw_records",
    "read",
    "read_record",
    "read_records",
    "writable",
]


def read(
    path: str | Path, format: str = "auto", *, tools: str | Path | None = None
) -> Iterator[Transcript | Unreadable]:
    """Read the dialogues of a file or folder in order; what cannot be read comes as Unreadable, in its place.

    With ``auto`` each record is read in the first dialect that fits it; ``tools`` names a file of schemas for
    records that declare none.  Raise UnreadableFileError if a file cannot be opened, and FormatError for an
    unknown format.
    """
    dialect = None if format == "auto" else find_format(format)
    named = () if tools is None else (str(tools),)
    for file in data_files([str(path)]):
        companions = companions_of(file, named)
        for raw in joined_records(raw_records(Path(file))):
            yield from read_records(raw, Place(file=file, record=raw.number), dialect, companions)
