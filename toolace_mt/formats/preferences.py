"""Preference pairs: of the chosen and the rejected answer, the dialogue that ends in the chosen one is read.

The rejected answer is there to be wrong, so nothing is said about it.
"""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["chosen_dialogue"]

_PAIR = frozenset({"chosen", "rejected"})
_CONTAINERS = ("messages", "conversations")


def chosen_dialogue(value: JsonValue) -> list[JsonValue] | None:
    """Give the one dialogue of a preference pair, None if the record is no pair."""
    if not isinstance(value, (dict, Mapping)) or not value.keys() >= _PAIR:
        return None
    container = next((key for key in _CONTAINERS if isinstance(value.get(key), list)), "messages")
    before = _turns(value.get(container, value.get("prompt")), "user")
    answer = _turns(value["chosen"], "assistant")
    if answer is None:
        return None
    rest: JsonObject = {key: part for key, part in value.items() if key not in (*_PAIR, "prompt")}
    return [{**rest, container: [*(before or ()), *answer]}]


def _turns(written: JsonValue, speaker: str) -> list[JsonValue] | None:
    if isinstance(written, list) and all(isinstance(turn, Mapping) for turn in written):
        return written
    if isinstance(written, Mapping):
        return [written]
    return [{"role": speaker, "content": written}] if isinstance(written, str) else None
