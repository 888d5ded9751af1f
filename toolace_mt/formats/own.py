"""Our own ``dialogues.jsonl``: the OpenAI dialect with the environment in ``metadata``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sandbox import state_digest
from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.openai import OpenAIFormat
from toolace_mt.transcript import JsonObject, JsonValue, Place, Setting, Transcript

__all__ = ["OwnFormat"]

_OPENAI = OpenAIFormat()
_STATES = ("final_state_digest", "final_state")


class OwnFormat:
    """Reads and writes ``{"id", "tools", "messages", "metadata": {"pack", "world", "faults", ...}}``.

    ``faults`` maps the index of a call to the failure that was planned for it:
    ``{"3": {"kind": "timeout", "code": "timeout", "message": "..."}}``.  The world after the last call stands
    there as ``final_state_digest`` or, where others wrote the record, whole as ``final_state``; either may
    also stand beside ``metadata``, whose own count first.
    """

    name = "toolace-mt"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, (dict, Mapping)) or not _OPENAI.detect(sample):
            return False
        metadata = sample.get("metadata")
        if metadata is None:
            return bool(_beside(sample))
        if not isinstance(metadata, (dict, Mapping)):
            return False
        return (
            bool(_beside(sample))
            or isinstance(metadata.get("pack"), str)
            or any(key in metadata for key in _STATES)
        )

    def read(self, record: JsonValue, place: Place) -> Transcript:
        transcript = _OPENAI.read(record, place)
        if not isinstance(record, (dict, Mapping)):
            raise UnreadableRecordError("the record is no object")
        metadata = record.get("metadata")
        if metadata is not None and not isinstance(metadata, (dict, Mapping)):
            raise UnreadableRecordError("metadata is no object")
        return replace(transcript, setting=_setting({} if metadata is None else metadata, _beside(record)))

    def write(self, transcript: Transcript) -> JsonObject:
        return {**_OPENAI.write(transcript), "metadata": _metadata(transcript.setting)}


def _beside(record: JsonObject) -> JsonObject:
    """Give what the record itself says of the last world; under these names others may keep other things."""
    state, digest = (record.get(key) for key in ("final_state", "final_state_digest"))
    return {
        **({"final_state": state} if isinstance(state, dict) else {}),
        **({"final_state_digest": digest} if isinstance(digest, str) else {}),
    }


def _setting(metadata: JsonObject, beside: JsonObject) -> Setting:
    """Read ``metadata``, and the last world as it stands there or else ``beside`` it."""
    holder = metadata if any(metadata.get(key) is not None for key in _STATES) else beside
    state, digest = _final_state(holder), _text(holder, "final_state_digest")
    return Setting(
        pack=_text(metadata, "pack"),
        world=_text(metadata, "world"),
        faults=_faults(metadata.get("faults")),
        final_state_digest=state_digest(dict(state)) if digest is None and state is not None else digest,
        final_state=state,
    )


def _text(metadata: JsonObject, key: str) -> str | None:
    value = metadata.get(key)
    if value is not None and not isinstance(value, str):
        raise UnreadableRecordError(f"metadata.{key} is no text")
    return value


def _final_state(holder: JsonObject) -> JsonObject | None:
    state = holder.get("final_state")
    if state is not None and not isinstance(state, dict):
        raise UnreadableRecordError("final_state is no object")
    return state


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
