"""All dialects in one visible tuple, and how a record finds its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolace_mt.formats.anthropic import AnthropicFormat
from toolace_mt.formats.any_key import holds_turns, step_by_step, under_usual_key
from toolace_mt.formats.api_bank import ApiBankFormat
from toolace_mt.formats.api_bank_prompts import ApiBankPromptFormat
from toolace_mt.formats.base import (
    Format,
    FormatError,
    NotWritableError,
    Unreadable,
    UnreadableRecordError,
    WritableFormat,
)
from toolace_mt.formats.bedrock import BedrockFormat
from toolace_mt.formats.bfcl import BfclFormat
from toolace_mt.formats.catalogue import DIALOGUE_KEYS, CatalogueFormat
from toolace_mt.formats.companions import Companions, with_tools
from toolace_mt.formats.containers import RawRecord, parse_record
from toolace_mt.formats.exchanges import question_and_answer
from toolace_mt.formats.gemini import GeminiFormat
from toolace_mt.formats.glaive import GlaiveFormat
from toolace_mt.formats.hermes import HermesFormat
from toolace_mt.formats.json_text import NotJsonError, repeated_key
from toolace_mt.formats.marks import MarksFormat
from toolace_mt.formats.openai import OpenAIFormat
from toolace_mt.formats.own import OwnFormat
from toolace_mt.formats.react import ReactFormat
from toolace_mt.formats.references import NestfulFormat, SealToolsFormat, XlamFormat
from toolace_mt.formats.responses import ResponsesFormat
from toolace_mt.formats.routed import RoutedFormat
from toolace_mt.formats.sharegpt import ShareGptFormat
from toolace_mt.formats.splitting import split_record
from toolace_mt.formats.tau2 import Tau2ResultFormat, Tau2TaskFormat, TauTaskFormat
from toolace_mt.formats.toolace import ToolAceFormat
from toolace_mt.formats.toolalpaca import ToolAlpacaFormat
from toolace_mt.formats.toolbench import ToolBenchFormat
from toolace_mt.formats.tooltalk import ToolTalkFormat
from toolace_mt.formats.when2call import When2CallFormat
from toolace_mt.transcript import JsonObject, JsonValue, Place, Transcript

__all__ = ["FORMATS", "find_format", "read_record", "read_records", "writable"]

FORMATS: tuple[Format, ...] = (
    OwnFormat(),
    ToolAlpacaFormat(),
    ToolBenchFormat(),
    Tau2TaskFormat(),
    Tau2ResultFormat(),
    TauTaskFormat(),
    ToolTalkFormat(),
    When2CallFormat(),
    BfclFormat(),
    SealToolsFormat(),
    NestfulFormat(),
    XlamFormat(),
    ApiBankFormat(),
    ApiBankPromptFormat(),
    RoutedFormat(),
    AnthropicFormat(),
    BedrockFormat(),
    ResponsesFormat(),
    GeminiFormat(),
    GlaiveFormat(),
    MarksFormat(),
    HermesFormat(),
    ReactFormat(),
    ToolAceFormat(),
    ShareGptFormat(),
    OpenAIFormat(),
    CatalogueFormat(),
)
"""Every dialect, the more special first: detection takes the first that fits."""

_STRUCTURED = tuple(
    known for known in FORMATS if known.name in ("toolace-mt", "tau2-results", "routed", "openai", "tools")
)
_LOOKED_AT = 12
_MESSAGES = b'"messages"'
_NO_COMPANIONS = Companions()


def find_format(name: str) -> Format:
    """Give the dialect of this name, or the one that a mapping file (``.yaml``) tells; raise FormatError."""
    if name.endswith((".yaml", ".yml")):
        from toolace_mt.formats.mapping import open_mapping  # brings pydantic, which few audits need

        return open_mapping(Path(name))
    for known in FORMATS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in FORMATS)
    raise FormatError(f"unknown format {name!r}; known are auto, {names}, or a mapping file (.yaml)")


def writable(dialect: Format) -> WritableFormat:
    """Give the dialect if it can be written; raise NotWritableError."""
    if not isinstance(dialect, WritableFormat):
        names = ", ".join(known.name for known in FORMATS if isinstance(known, WritableFormat))
        raise NotWritableError(f"{dialect.name} is read only; these can be written: {names}")
    return dialect


def read_records(
    raw: RawRecord, place: Place, dialect: Format | None, companions: Companions = _NO_COMPANIONS
) -> list[Transcript | Unreadable]:
    """Read all dialogues of one record, in the given dialect or in the first that fits each."""
    try:
        value = companions.complete(parse_record(raw))
        if raw.text.count(_MESSAGES) > 1 and (twice := repeated_key(raw.text)) is not None:
            return [Unreadable(place=place, reason=f"the key {twice!r} stands twice in the record")]
        pieces = split_record(value)
    except NotJsonError as error:
        return [Unreadable(place=place, reason=str(error))]
    found = [one for piece in pieces for one in _read(piece, place, dialect, companions)]
    return found or [_nothing(place)]


def read_record(raw: RawRecord, place: Place, dialect: Format | None) -> Transcript | Unreadable:
    """Read the first dialogue of a record."""
    return read_records(raw, place, dialect)[0]


def _detected(value: JsonValue) -> Format | None:
    """Give the first dialect that fits; a chat with structured calls is asked for few of them."""
    candidates = _STRUCTURED if _has_structured_calls(value) else FORMATS
    return next((known for known in candidates if known.detect(value)), None)


def _has_structured_calls(value: JsonValue) -> bool:
    messages = value.get("messages") if isinstance(value, dict) else None
    return isinstance(messages, list) and any(
        isinstance(message, dict) and isinstance(message.get("tool_calls"), list) and "role" in message
        for message in messages[:_LOOKED_AT]
    )


def _holds_dialogue(value: JsonObject) -> bool:
    return any(key in value for key in DIALOGUE_KEYS) or holds_turns(value)


def _nothing(place: Place) -> Unreadable:
    return Unreadable(place=place, reason="the record holds no dialogue")


def _read(
    value: JsonValue, place: Place, dialect: Format | None, companions: Companions
) -> list[Transcript | Unreadable]:
    chosen = dialect or _detected(value)
    if chosen is not None:
        return [_read_in(chosen, value, place, companions)]
    renamed = under_usual_key(value)
    renamed = question_and_answer(value) if renamed is None else renamed
    parts: Sequence[JsonValue] = (step_by_step(value) if renamed is None else [renamed]) or [value]
    return [_read_in(_detected(part), part, place, companions) for part in parts]


def _read_in(
    chosen: Format | None, value: JsonValue, place: Place, companions: Companions
) -> Transcript | Unreadable:
    if chosen is None:
        return Unreadable(
            place=place,
            reason="no known dialect fits the record; name one with --format",
            is_foreign=isinstance(value, dict) and not _holds_dialogue(value),
        )
    try:
        return with_tools(chosen.read(value, place), companions)
    except (NotJsonError, UnreadableRecordError) as error:
        return Unreadable(place=place, reason=str(error))
