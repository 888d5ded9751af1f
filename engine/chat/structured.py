"""Replies that fit their schema: checked here for every model, and asked once more when they do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import jsonschema_rs
import orjson

from engine.canonical import canonical_json
from engine.chat.base import ChatModel
from engine.chat.saying import one_line
from engine.errors import RefusedRequest
from engine.types import ChatMessage, ChatReply, ChatRequest, JsonObject, JsonValue, Usage

__all__ = ["StructuredModel", "Validators", "json_candidates", "schema_instruction"]


# A reply full of brackets must not cost seconds.
_MOST_ATTEMPTS = 64
_LONGEST_REASON = 200
_MOST_QUOTED = 8_000


class Validators:
    """Compiled schemas, so that a schema used by thousands of requests is compiled once."""

    def __init__(self, *, largest: int = 512) -> None:
        self._largest = largest
        self._compiled: dict[bytes, jsonschema_rs.Validator] = {}

    def complaint(self, value: object, schema: JsonObject) -> str | None:
        """Say what is wrong with ``value``, or None.  ValueError when the schema itself is wrong."""
        text = canonical_json(schema)
        validator = self._compiled.get(text)
        if validator is None:
            if len(self._compiled) >= self._largest:
                self._compiled.clear()
            validator = self._compiled[text] = jsonschema_rs.validator_for(orjson.loads(text))
        if validator.is_valid(value):
            return None
        error = next(iter(validator.iter_errors(value)))
        place = "".join(f"[{part!r}]" for part in error.instance_path)
        return f"at {place}: {error.message}" if place else str(error.message)


class StructuredModel:
    """Gives replies whose text is one JSON value that fits the request's schema.

    A reply that does not fit is shown to the model once, with the complaint; then ``RefusedRequest``, as when
    the model declines.  Requests without a schema pass through.  The usage is that of both requests.
    """

    def __init__(self, inner: ChatModel, *, validators: Validators | None = None) -> None:
        self._inner = inner
        self._validators = validators or Validators()

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(self, request: ChatRequest) -> ChatReply:
        reply = await self._ask(request)
        if request.schema is None:
            return reply
        fitting, complaint = self._read(reply, request.schema)
        if fitting is not None:
            return fitting
        second = await self._ask(_repair_request(request, reply, complaint), reply.usage)
        fitting, complaint = self._read(second, request.schema)
        if fitting is None:
            why = one_line(complaint, _LONGEST_REASON)
            raise RefusedRequest(
                f"{request.purpose}: two replies of {self.name} do not fit the schema ({why})",
                usage=second.usage,
            )
        return replace(fitting, usage=second.usage)

    async def _ask(self, request: ChatRequest, before: Usage | None = None) -> ChatReply:
        """Give the reply, whose usage includes that of the one ``before``."""
        reply = await self._inner.complete(request)
        if before is not None:
            reply = replace(reply, usage=before + reply.usage)
        if reply.is_declined:
            reason = one_line(reply.text, _LONGEST_REASON)
            raise RefusedRequest(f"{self.name} declined to answer: {reason}", usage=reply.usage)
        return reply

    def _read(self, reply: ChatReply, schema: JsonObject) -> tuple[ChatReply | None, str]:
        complaint = "it is not JSON"
        for number, (text, value) in enumerate(json_candidates(reply.text)):
            found = self._validators.complaint(value, schema)
            if found is None:
                return reply if text == reply.text else replace(reply, text=text), ""
            if number == 0:
                complaint = found
        if reply.finish_reason == "length":
            complaint = f"it was cut off at the token limit; {complaint}"
        return None, complaint


def schema_instruction(schema: JsonObject) -> str:
    """Give the words that ask for a schema where the server cannot enforce it."""
    return (
        "Answer with one JSON value that fits this JSON Schema, and with nothing else:\n"
        + canonical_json(schema).decode()
    )


def json_candidates(text: str) -> Iterator[tuple[str, JsonValue]]:
    """Give the JSON values that a reply may mean: all of it, else what stands between words and fences."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    else:
        yield text.strip(), value
        return
    decoder = json.JSONDecoder()
    position = 0
    for _ in range(_MOST_ATTEMPTS):
        start = _next_bracket(text, position)
        if start is None:
            return
        try:
            _, end = decoder.raw_decode(text, start)
            value = orjson.loads(text[start:end])  # stricter: no half surrogates, no NaN
        except (ValueError, RecursionError):
            position = start + 1
        else:
            yield text[start:end], value
            position = end


def _next_bracket(text: str, position: int) -> int | None:
    found = [place for bracket in "{[" if (place := text.find(bracket, position)) >= 0]
    return min(found, default=None)


def _repair_request(request: ChatRequest, reply: ChatReply, complaint: str) -> ChatRequest:
    assert request.schema is not None
    return replace(
        request,
        messages=(
            *request.messages,
            ChatMessage(role="assistant", content=reply.text[:_MOST_QUOTED]),
            ChatMessage(
                role="user",
                content=f"That answer cannot be used: {complaint}\n{schema_instruction(request.schema)}",
            ),
        ),
    )
