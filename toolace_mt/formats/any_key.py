"""Dialogues under a key that no dialect names: a list of turns is known by its turns."""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.formats.exchanges import answered, calls_in
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["are_turns", "holds_turns", "step_by_step", "under_usual_key"]

_SPEAKERS = ("role", "from", "speaker", "sender", "author", "actor")
_USUAL = {"role": "messages", "from": "conversations"}
_ROLES = ("user", "assistant")
_MOST_LEVELS = 6


def holds_turns(record: JsonObject) -> bool:
    """Tell whether somebody speaks in the record, under whatever key and however deep."""
    return any(are_turns(member) or _speaks_within(member, _MOST_LEVELS) for member in record.values())


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


def step_by_step(record: JsonValue) -> list[JsonObject]:
    """Give the dialogues of a record that has, for each step of one, the messages so far and the answer.

    A step that the next one goes on from, with the same calls, is not given again.
    """
    if not isinstance(record, Mapping):
        return []
    for key, member in record.items():
        steps = [_with_messages(step) for step in member] if isinstance(member, list) else []
        whole = [step for step in steps if step is not None]
        if whole and len(whole) == len(steps):
            rest = {name: part for name, part in record.items() if name != key}
            after = [*whole[1:], None]
            kept = [one for one, following in zip(whole, after, strict=True) if not _goes_on(one, following)]
            return [{**rest, **step} for step in kept]
    return []


def _with_messages(step: JsonValue) -> JsonObject | None:
    found = step if isinstance(step, Mapping) and "messages" in step else under_usual_key(step)
    return found if found is not None and _speaker_key(found.get("messages")) == "role" else None


def _goes_on(step: JsonObject, following: JsonObject | None) -> bool:
    before, now = step["messages"], None if following is None else following["messages"]
    if not isinstance(before, list) or not isinstance(now, list):
        return False
    so_far, known = len(before), answered(step, before)
    goes_on = len(now) > so_far and now[:so_far] == before
    return goes_on and calls_in(known[so_far:]) == calls_in(now[so_far : len(known)])


def are_turns(member: JsonValue) -> bool:
    """Tell whether this is a list of turns, each with its speaker."""
    return _speaker_key(member) is not None


def _speaker_key(member: JsonValue) -> str | None:
    if not isinstance(member, list) or not member or not all(isinstance(turn, Mapping) for turn in member):
        return None
    return next((key for key in _SPEAKERS if all(isinstance(turn.get(key), str) for turn in member)), None)


def _speaks_within(member: JsonValue, levels: int) -> bool:
    if levels == 0 or not isinstance(member, (list, Mapping)):
        return False
    if isinstance(member, Mapping):
        return member.get("role") in _ROLES or any(
            _speaks_within(part, levels - 1) for part in member.values()
        )
    return any(_speaks_within(part, levels - 1) for part in member)
