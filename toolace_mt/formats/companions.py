"""What stands in other files: tools in a schema file, answers beside questions, documents of functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from toolace_mt.formats.base import FormatError, UnreadableFileError, UnreadableRecordError
from toolace_mt.formats.catalogue import is_catalogue, listed_tools
from toolace_mt.formats.containers import MAX_RECORD_BYTES, parse_record, raw_records
from toolace_mt.formats.json_text import NotJsonError
from toolace_mt.formats.tools import SharedTools
from toolace_mt.transcript import DeclaredTool, JsonValue, Transcript

__all__ = ["Companions", "companions_of", "is_catalogue_file", "with_tools"]

_ANSWERS = "possible_answer"
_DOCUMENTS = "multi_turn_func_doc"
_CLASSES = {
    "GorillaFileSystem": "gorilla_file_system.json",
    "MathAPI": "math_api.json",
    "MessageAPI": "message_api.json",
    "TwitterAPI": "posting_api.json",
    "TicketAPI": "ticket_api.json",
    "TradingBot": "trading_bot.json",
    "TravelAPI": "travel_booking.json",
    "VehicleControlAPI": "vehicle_control.json",
}
_RECORDS_LOOKED_AT = 3
_CATALOGUE_RECORD_BYTES = 4 * MAX_RECORD_BYTES
"""Some describe a tool's results at length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Companions:
    """What completes the records of one file.

    ``tools`` stand for those that records do not declare; ``tools_were_found`` says that nobody named them:
    they may belong to other records.  ``answers`` are by the record's id, ``documents``
    is the folder with the functions of BFCL's classes.
    """

    tools: tuple[DeclaredTool, ...] | None = None
    tools_were_found: bool = False
    answers: Mapping[str, JsonValue] = field(default_factory=dict)
    documents: Path | None = None

    def complete(self, record: JsonValue) -> JsonValue:
        """Add the answer and the functions that belong to the record."""
        if not (self.answers or self.documents is not None) or not isinstance(record, Mapping):
            return record
        added: dict[str, JsonValue] = {}
        answer = self.answers.get(str(record.get("id")))
        if answer is not None and "ground_truth" not in record:
            added["ground_truth"] = answer
        classes = record.get("involved_classes")
        if isinstance(classes, list) and "function" not in record and self.documents is not None:
            added["function"] = _functions_of(self.documents, tuple(map(str, classes)))
        return {**record, **added} if added else record


@lru_cache(maxsize=64)
def companions_of(path: str, catalogues: tuple[str, ...], *, were_found: bool = False) -> Companions:
    """Find what belongs to a file: the given schema files, and BFCL's folders beside it (or beside its own).

    ``were_found`` tells that the schema files lay near the data, and nobody named them.
    Raise FormatError if a schema file cannot be read or declares nothing.
    """
    tools = tuple(tool for name in catalogues for tool in _catalogue(name, were_found=were_found))
    if catalogues and not tools and not were_found:
        raise FormatError(f"no tools are declared in {', '.join(catalogues)}")
    beside = Path(path).parent
    above = (beside, *beside.parents[:2])
    places = (beside / _ANSWERS / Path(path).name, beside.parent / _ANSWERS / Path(path).name)
    answers = next((place for place in places if place.is_file() and place != Path(path)), None)
    return Companions(
        tools=tools or None,
        tools_were_found=were_found,
        answers={} if answers is None else dict(_answers(answers)),
        documents=next((folder / _DOCUMENTS for folder in above if _documents(folder / _DOCUMENTS)), None),
    )


@lru_cache(maxsize=64)
def _catalogue(path: str, *, were_found: bool) -> tuple[DeclaredTool, ...]:
    """Give all tools; with some of them missing, calls of these would be called undeclared."""
    tools: list[DeclaredTool] = []
    for raw in raw_records(Path(path), max_record_bytes=_CATALOGUE_RECORD_BYTES):
        try:
            tools.extend(listed_tools(parse_record(raw)))
        except NotJsonError as error:
            if were_found:
                return ()  # the audit of the file itself says why
            raise FormatError(f"the tools in {path} cannot be read: record {raw.number}: {error}") from None
        except UnreadableRecordError:
            continue  # something else beside the tools
    return tuple(tools)


def is_catalogue_file(path: Path) -> bool:
    """Tell by its first records whether a file only declares tools."""
    try:
        seen = 0
        for value in _values(path):
            if not is_catalogue(value):
                return False
            seen += 1
            if seen == _RECORDS_LOOKED_AT:
                break
    except UnreadableFileError:
        return False
    return seen > 0


def _answers(path: Path) -> Iterator[tuple[str, JsonValue]]:
    for value in _values(path):
        if isinstance(value, Mapping) and "ground_truth" in value:
            yield str(value.get("id")), value["ground_truth"]


@lru_cache(maxsize=8)
def _documents(folder: Path) -> Mapping[str, Sequence[JsonValue]]:
    if not folder.is_dir():
        return {}
    return {
        name: list(_values(folder / file)) for name, file in _CLASSES.items() if (folder / file).is_file()
    }


@lru_cache(maxsize=64)
def _functions_of(folder: Path, classes: tuple[str, ...]) -> SharedTools:
    functions = _documents(folder)
    return SharedTools(entry for name in classes for entry in functions.get(name, ()))


def _values(path: Path) -> Iterator[JsonValue]:
    for raw in raw_records(path):
        try:
            yield parse_record(raw)
        except NotJsonError:
            yield None


def with_tools(transcript: Transcript, companions: Companions) -> Transcript:
    """Give the transcript with the companions' tools, if it declares none and, where these were only found,
    they are about its calls."""
    tools = companions.tools
    if tools is None or transcript.tools is not None or not transcript.messages:
        return transcript
    names = {tool.name for tool in tools}
    called = [call.name for message in transcript.messages for call in message.calls]
    if companions.tools_were_found and called and not any(name in names for name in called):
        return transcript
    return replace(transcript, tools=tools, tools_are_shared=True)
