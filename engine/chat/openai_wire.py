"""What goes over the wire to an OpenAI-compatible server and what comes back, without any network."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit, urlunsplit

import msgspec
import orjson

from engine.canonical import canonical_json
from engine.chat.saying import one_line
from engine.chat.structured import schema_instruction
from engine.errors import ModelError, RefusedRequest, TransientError, UnusableModel
from engine.prices import likely_tokens
from engine.types import DECLINED, ChatReply, ChatRequest, Usage

__all__ = [
    "Omission",
    "chat_url",
    "error_for",
    "lessons",
    "malformed_answer",
    "reply_from",
    "request_body",
    "retry_after_seconds",
    "without_user",
]

Omission = Literal["response_format", "max_tokens", "temperature", "seed", "stop"]

_LONGEST_REASON = 300
_LONGEST_PAUSE = 86_400.0
_OVERLOADED = frozenset({429, 503, 529})
_TRANSIENT = frozenset({408, 409, 425})
_UNUSABLE = frozenset({404, 405, 410})
_MOST_TOKENS = 2**31  # that one request can have used; who tells of more is not believed


def chat_url(base: str) -> str:
    """Complete what the user gave to the address of the chat endpoint.

    ``host:8000``, ``http://host:8000``, ``…/v1`` and ``…/v1/chat/completions`` all lead to the same place;
    a path that is neither is taken as the API's root.  ``UnusableModel`` if it is no address at all.
    """
    text = base.strip()
    if "://" not in text:
        local = re.match(r"(localhost|127\.|\[::1\]|0\.0\.0\.0)", text)
        text = f"{'http' if local else 'https'}://{text}"
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", text):
        raise UnusableModel(
            f"{without_user(base)!r} is not a server's address: write it like http://localhost:8000/v1"
        )
    path = parts.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        path = f"{path or '/v1'}/chat/completions"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def without_user(address: str) -> str:
    """Give an address as it may be shown: without a user's name and password."""
    return re.sub(r"[^/@]*@", "", address, count=1)


def request_body(request: ChatRequest, model: str, omit: frozenset[Omission]) -> bytes:
    """Write the request's body, without what this server was found not to understand."""
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    body: dict[str, Any] = {"model": model, "messages": messages}
    body["max_completion_tokens" if "max_tokens" in omit else "max_tokens"] = request.max_tokens
    if "temperature" not in omit:
        body["temperature"] = request.temperature
    if "seed" not in omit:
        body["seed"] = request.seed
    if request.stop and "stop" not in omit:
        body["stop"] = request.stop
    if request.schema is not None:
        if "response_format" in omit:
            # into the last message: some chat templates refuse two user messages in a row
            messages[-1]["content"] += "\n\n" + schema_instruction(request.schema)
        else:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reply", "schema": request.schema},
            }
    return canonical_json(body)


def lessons(status: int, body: bytes, omit: frozenset[Omission]) -> frozenset[Omission]:
    """Give what else to leave out, when the server complained of something that can be left out."""
    if status not in {400, 404, 415, 422, 501}:
        return frozenset()
    text = body[:4096].decode("utf-8", "replace").lower()
    named: dict[Omission, tuple[str, ...]] = {
        "response_format": ("response_format", "json_schema", "guided", "structured output"),
        "max_tokens": ("max_completion_tokens",),
        "temperature": ("temperature",),
        "seed": ("seed",),
        "stop": ("'stop'", '"stop"', "`stop`"),
    }
    return frozenset(
        what for what, words in named.items() if what not in omit and any(word in text for word in words)
    )


class _Message(msgspec.Struct, gc=False):
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(str(part.get("text", "")) for part in self.content)
        return self.content or ""


class _Choice(msgspec.Struct, gc=False):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: Any = 0
    completion_tokens: Any = 0


class _Completion(msgspec.Struct, gc=False):
    choices: list[_Choice]
    model: str | None = None
    usage: _Usage | None = None


_READER: Final = msgspec.json.Decoder(_Completion, strict=False)


def reply_from(body: bytes, request: ChatRequest, model: str) -> ChatReply:
    """Read a server's answer.

    ``TransientError`` when it is malformed; that a model declined is an answer too.  Where the server
    does not tell the usage, or tells what cannot be, it is estimated from the lengths.
    """
    try:
        completion = _READER.decode(body)
        choice = completion.choices[0]
    except (ValueError, RecursionError, IndexError):
        raise malformed_answer(body, model) from None
    text, ended = choice.message.text, choice.finish_reason or "stop"
    usage = _usage(completion.usage, request, text)
    if ended == DECLINED or (choice.message.refusal and not text):
        text, ended = choice.message.refusal or "content filter", DECLINED
    return ChatReply(text=text, model=completion.model or model, finish_reason=ended, usage=usage)


def malformed_answer(body: bytes, model: str) -> TransientError:
    return TransientError(f"{model} sent a malformed answer: {_shown(body)}")


def _usage(told: _Usage | None, request: ChatRequest, text: str) -> Usage:
    if told is not None:
        used = [_count(told.prompt_tokens), _count(told.completion_tokens)]
        if any(used) and min(used) >= 0 and max(used) <= _MOST_TOKENS:
            return Usage(prompt_tokens=used[0], completion_tokens=used[1])
    return Usage(
        prompt_tokens=max(1, likely_tokens(request) - request.max_tokens),
        completion_tokens=min(request.max_tokens, len(text) // 4 + 1),
        estimated=True,
    )


def _count(told: object) -> int:
    """Read a number of tokens, whatever its type; -1 if it is none."""
    try:
        return int(told) if isinstance(told, (int, float, str)) and float(told).is_integer() else -1
    except (ValueError, OverflowError):
        return -1


def error_for(status: int, headers: Mapping[str, str], body: bytes, *, server: str, model: str) -> ModelError:
    """Translate a status that is no success."""
    said = _server_message(body)
    if status in {401, 403}:
        return UnusableModel(
            f"{server} does not accept the key ({status}: {said}): set OPENAI_API_KEY or name a key file"
        )
    if status in _UNUSABLE:
        return UnusableModel(
            f"{server} has no such model or path ({status}, model {model!r}: {said}): "
            "check the address and the model's name"
        )
    if 300 <= status < 400:
        return UnusableModel(f"{server} redirects to {headers.get('Location', '?')}: use that address")
    if status == 402 or (
        status == 429 and "insufficient_quota" in said + body[:2048].decode("utf-8", "replace")
    ):
        return UnusableModel(f"the account at {server} has no quota left: {said}")
    if status in _OVERLOADED or status in _TRANSIENT or status >= 500:
        return TransientError(
            f"{server} answered {status}: {said}",
            retry_after=retry_after_seconds(headers, datetime.now(UTC)),
            overload=status in _OVERLOADED,
        )
    return RefusedRequest(f"{server} refused the request ({status}): {said}")


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read how long the server wants to be left alone: milliseconds, seconds or a date.

    None if it does not say so, or asks for more than a day: that is not believed.
    """
    seconds = _asked_pause(headers, now)
    return None if seconds is None or seconds > _LONGEST_PAUSE else max(0.0, seconds)


def _asked_pause(headers: Mapping[str, str], now: datetime) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("Retry-After", "").strip()
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return (date - now).total_seconds()


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _server_message(body: bytes) -> str:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _shown(body)
    for key in ("error", "message", "detail"):
        if isinstance(told, dict) and told.get(key):
            told = told[key]
    if isinstance(told, dict) and "message" not in told:
        return _shown(body)
    return _shown(str(told).encode("utf-8", "replace"))


def _shown(body: bytes) -> str:
    """Give the beginning of a body in one line."""
    return one_line(body[: 4 * _LONGEST_REASON].decode("utf-8", "replace"), _LONGEST_REASON)
