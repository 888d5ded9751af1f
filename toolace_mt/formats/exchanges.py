"""Dialogues inside something else: the body of a request, a prompt with its completion, a log of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["answered", "unwrapped_exchanges"]

_ASKING = ("user", "tool", "function")
_ANSWERS = (
    "ground_truth",
    "answer",
    "answers",
    "expected",
    "expected_output",
    "expected_tool_calls",
    "target",
    "reference",
    "label",
    "ideal",
    "gold",
    "output",
    "response",
    "completion",
)


def answered(record: JsonObject, messages: list[JsonValue]) -> list[JsonValue]:
    """Give messages that end with a question together with the answer that the record has apart."""
    last = messages[-1] if messages else None
    if not isinstance(last, (dict, Mapping)) or last.get("role") not in _ASKING:
        return messages
    answers = (_as_message(record[key]) for key in _ANSWERS if key in record)
    return [*messages, *[answer for answer in answers if answer is not None][:1]]


def _as_message(answer: JsonValue) -> JsonObject | None:
    """A message, a call, or a list of calls."""
    if isinstance(answer, (dict, Mapping)) and isinstance(answer.get("role"), str):
        return answer
    calls = answer if isinstance(answer, list) else [answer]
    if not calls or not all(_is_call(call) for call in calls):
        return None
    return {"role": "assistant", "content": None, "tool_calls": calls}


def _is_call(value: JsonValue) -> bool:
    if not isinstance(value, (dict, Mapping)):
        return False
    function = value.get("function", value)
    return (
        isinstance(function, (dict, Mapping))
        and isinstance(function.get("name"), str)
        and "arguments" in function
    )


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
