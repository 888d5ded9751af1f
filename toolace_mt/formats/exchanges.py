"""Dialogues inside something else: the body of a request, a prompt with its completion, a log of samples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from toolace_mt.formats.call_text import call_of, looks_like_call
from toolace_mt.formats.json_text import dump_json
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["ANSWERS", "answered", "calls_in", "question_and_answer", "unwrapped_exchanges"]

_ASKING = ("user", "tool", "function")
_QUESTIONS = ("system", "instruction", "prompt", "question", "query", "user_input", "task", "input")
"""Of two, the first is what the assistant is told before it is asked."""
ANSWERS = ("output", "response", "completion", "answer", "expected_output", "ground_truth", "target")
_ANSWER = re.compile(
    r"expected|truth|gold|answer|target|reference|label|ideal|solution|completion|response|output|call(?:s|ed)?\Z"
)
_LOGGED = (("body", "response"), ("request", "response"), ("input", "output"), ("inputs", "outputs"))
"""What servers and tracers call a request and its answer."""
_WRONG = re.compile(r"reject|wrong|incorrect|negative|bad")


def answered(record: JsonObject, messages: list[JsonValue]) -> list[JsonValue]:
    """Give messages that end with a question together with the answer that the record has apart."""
    last = messages[-1] if messages else None
    if not isinstance(last, (dict, Mapping)) or last.get("role") not in _ASKING:
        return messages
    answer = next(_answers(record), None)
    if answer is None or (answer not in record.values() and calls_in([answer]) & calls_in(messages)):
        return messages  # a dialogue that was played, and beside it the calls that were expected of it
    return [*messages, answer]


def calls_in(messages: Sequence[JsonValue]) -> set[tuple[str, str]]:
    """The calls of messages: names and arguments."""
    turns = [message for message in messages if isinstance(message, (dict, Mapping))]
    listed = [calls for turn in turns if isinstance(calls := turn.get("tool_calls"), list)]
    found = [call_of(call, "a turn") for calls in listed for call in calls if looks_like_call(call)]
    return {(call.name, call.raw or dump_json(call.arguments)) for call in found}


def question_and_answer(record: JsonValue) -> JsonObject | None:
    """Give the chat of a record with tools or calls that has one question and its answer as members."""
    if not isinstance(record, (dict, Mapping)):
        return None
    asked = [key for key in _QUESTIONS if isinstance(record.get(key), str) and record[key]]
    answer = next(_answers(record), None)
    if not asked or (answer is None and "tools" not in record):
        return None
    if answer is None:
        text = next((record[key] for key in ANSWERS if isinstance(record.get(key), str)), None)
        if text is None:
            return None
        answer = {"role": "assistant", "content": text}
    rest = {key: part for key, part in record.items() if key not in (*_QUESTIONS, *ANSWERS)}
    before: list[JsonValue] = [{"role": "system", "content": record[key]} for key in asked[:-1]]
    question: JsonObject = {"role": "user", "content": record[asked[-1]]}
    return {**rest, "messages": [*before, question, answer]}


def _answers(record: JsonObject) -> Iterator[JsonObject]:
    """A message, a call or a list of calls under a name of an answer."""
    for key, answer in record.items():
        if _ANSWER.search(key) is None or _WRONG.search(key) is not None:
            continue
        if isinstance(answer, (dict, Mapping)) and isinstance(answer.get("role"), str):
            yield answer
            continue
        calls = answer if isinstance(answer, list) else [answer]
        if calls and all(map(looks_like_call, calls)):
            yield {"role": "assistant", "content": None, "tool_calls": [_plain_call(call) for call in calls]}


def _plain_call(value: JsonValue) -> JsonObject:
    """Give a call under the names that the chat dialect gives its parts."""
    call = call_of(value, "the answer")
    arguments = call.raw if call.arguments is None else call.arguments
    return {"id": call.id, "function": {"name": call.name, "arguments": arguments}}


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
    for asked, told in _LOGGED:
        request = value.get(asked)
        if isinstance(request, Mapping) and (messages := _turns(request.get("messages"))):
            known: JsonObject = {"id": value.get("id", value.get("custom_id")), **request}
            return [{**known, "messages": _continued(messages, value.get(told))}]
    return None


def _continued(messages: list[JsonObject], response: JsonValue) -> list[JsonObject]:
    """The messages of a request and, where it is there, what came of them."""
    response = response.get("body", response) if isinstance(response, Mapping) else {}
    if not isinstance(response, Mapping):
        return messages
    after = _turns(response.get("messages"))
    if after:
        return after if after[: len(messages)] == messages else [*messages, *after]
    choices = response.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    answer = first.get("message") if isinstance(first, Mapping) else response
    return [*messages, answer] if isinstance(answer, Mapping) and "role" in answer else messages


def _turns(listed: JsonValue) -> list[JsonObject]:
    """Give a list of messages; nothing for anything else."""
    if not isinstance(listed, list):
        return []
    turns = [turn for turn in listed if isinstance(turn, Mapping) and "role" in turn]
    return turns if len(turns) == len(listed) else []
