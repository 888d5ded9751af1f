"""Dialogues inside something else: the body of a request, a prompt with its completion, a log of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["unwrapped_exchanges"]


def unwrapped_exchanges(value: JsonValue) -> Sequence[JsonValue] | None:
    """Give the dialogues that the record wraps, None if it is no such record."""
    if isinstance(value, list):
        turns = _turns(value)
        return [{"messages": turns}] if turns and "content" in turns[0] else None
    if not isinstance(value, (dict, Mapping)) or "messages" in value:
        return None
    prompt, completion = _turns(value.get("prompt")), _turns(value.get("completion"))
    if prompt and completion:
        rest = {key: part for key, part in value.items() if key not in ("prompt", "completion")}
        return [{**rest, "messages": [*prompt, *completion]}]
    samples = value.get("samples")
    if isinstance(samples, list) and "eval" in value:
        return samples
    request = value.get("body", value.get("request"))
    if isinstance(request, Mapping) and _turns(request.get("messages")):
        return [_asked(value, request)]
    return None


def _asked(record: JsonObject, request: JsonObject) -> JsonObject:
    """The request's messages and, where it is there, the answer to them."""
    messages = _turns(request.get("messages"))
    response = record.get("response")
    response = response.get("body", response) if isinstance(response, Mapping) else {}
    choices = response.get("choices") if isinstance(response, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    answer = first.get("message") if isinstance(first, Mapping) else None
    told: JsonObject = {"id": record.get("id", record.get("custom_id")), **request}
    return {**told, "messages": [*messages, *([answer] if isinstance(answer, Mapping) else [])]}


def _turns(listed: JsonValue) -> list[JsonObject]:
    """Give a list of messages; nothing for anything else."""
    if not isinstance(listed, list):
        return []
    turns = [turn for turn in listed if isinstance(turn, Mapping) and "role" in turn]
    return turns if len(turns) == len(listed) else []
