"""Our own ``dialogues.jsonl``: the OpenAI dialect with the environment in ``metadata``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.openai import OpenAIFormat
from toolace_mt.transcript import JsonObject, JsonValue, Place, Setting, Transcript

__all__ = ["OwnFormat"]

_OPENAI = OpenAIFormat()


class OwnFormat:
    """Reads and writes ``{"id", "tools", "messages", "metadata": {"pack", "world", "faults", ...}}``.

    ``faults`` maps the index of a call to the failure that was planned for it:
    ``{"3": {"kind": "timeout", "code": "timeout", "message": "..."}}``.
    """

    name = "toolace-mt"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, (dict, Mapping)) or not _OPENAI.detect(sample):
            return False
        metadata = sample.get("metadata")
        return isinstance(metadata, (dict, Mapping)) and isinstance(metadata.get("pack"), str)

    def read(self, record: JsonValue, place: Place) -> Transcript:
        transcript = _OPENAI.read(record, place)
        metadata = record.get("metadata") if isinstance(record, (dict, Mapping)) else None
        if metadata is not None and not isinstance(metadata, (dict, Mapping)):
            raise UnreadableRecordError("metadata is no object")
        return transcript if metadata is None else replace(transcript, setting=_setting(metadata))

    def write(self, transcript: Transcript) -> JsonObject:
        return {**_OPENAI.write(transcript), "metadata": _metadata(transcript.setting)}


def _setting(metadata: JsonObject) -> Setting:
    return Setting(
        pack=_text(metadata, "pack"),
        world=_text(metadata, "world"),
        faults=_faults(metadata.get("faults")),
        final_state_digest=_text(metadata, "final_state_digest"),
    )


def _text(metadata: JsonObject, key: str) -> str | None:
    value = metadata.get(key)
    if value is not None and not isinstance(value, str):
        raise UnreadableRecordError(f"metadata.{key} is no text")
    return value


def _faults(value: JsonValue) -> Mapping[int, JsonObject]:
    if value is None:
        return {}
    if not isinstance(value, (dict, Mapping)):
        raise UnreadableRecordError("metadata.faults is no object")
    faults: dict[int, JsonObject] = {}
    for key, fault in value.items():
        if not (key.isascii() and key.isdigit() and len(key) < 10) or not isinstance(fault, (dict, Mapping)):
            raise UnreadableRecordError(
                f"metadata.faults has the entry {key[:20]!r} that is no fault of a call"
            )
        faults[int(key)] = fault
    return faults


def _metadata(setting: Setting) -> JsonObject:
    faults: JsonObject = {str(index): fault for index, fault in setting.faults.items()}
    return {
        "pack": setting.pack,
        "world": setting.world,
        **({"faults": faults} if faults else {}),
        "final_state_digest": setting.final_state_digest,
    }
