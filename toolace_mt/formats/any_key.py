"""Dialogues under a key that no dialect names: a list of turns is known by its turns."""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["holds_turns", "under_usual_key"]

_SPEAKERS = ("role", "from", "speaker", "sender", "author", "actor")
_USUAL = {"role": "messages", "from": "conversations"}


def holds_turns(record: JsonObject) -> bool:
    """Tell whether somebody speaks in the record, under whatever key."""
    return any(_speaker_key(member) is not None for member in record.values())


def under_usual_key(record: JsonValue) -> JsonObject | None:
    """Give the record with its one list of turns under the usual key, or None if that is not plain."""
    if not isinstance(record, Mapping):
        return None
    lists = {key: speaker for key, member in record.items() if (speaker := _speaker_key(member)) is not None}
    if len(lists) != 1:
        return None
    ((key, speaker),) = lists.items()
    usual = _USUAL.get(speaker)
    if usual is None or usual in record:
        return None
    return {usual if name == key else name: member for name, member in record.items()}


def _speaker_key(member: JsonValue) -> str | None:
    if not isinstance(member, list) or not member or not all(isinstance(turn, Mapping) for turn in member):
        return None
    return next((key for key in _SPEAKERS if all(isinstance(turn.get(key), str) for turn in member)), None)
