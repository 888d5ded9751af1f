"""The values that pass between a caller, the engine and a chat model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["DECLINED", "ChatMessage", "ChatReply", "ChatRequest", "JsonObject", "JsonValue", "Usage"]

DECLINED: Final = "content_filter"

JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
JsonObject = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One question to a chat model; equal requests have equal digests.

    ``purpose`` names the stage that asks (``"refine.user"``); it labels events and the ledger and does
    not reach the model.  ``schema`` is a JSON Schema which the reply's text must fit, as one JSON value;
    where many requests share one, make a ``ReplySchema`` of it.
    ``seed`` is part of the digest, so a second draw of the same prompt is another request.
    ``expected`` is an answer known to be good.  Only a simulated model gets it; it is part neither of the
    prompt nor of the digest.
    """

    purpose: str
    messages: tuple[ChatMessage, ...]
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    schema: JsonObject | None = None
    stop: tuple[str, ...] = ()
    expected: str | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that one or more requests cost.

    ``estimated`` tells that the server did not say and the engine counted for itself.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            estimated=self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """What a chat model answered.  ``finish_reason`` is the server's own word (``stop``, ``length``); when it
    is ``content_filter``, ``text`` is the reason why there is no answer."""

    text: str
    model: str
    finish_reason: str = "stop"
    usage: Usage = field(default_factory=Usage)

    @property
    def is_declined(self) -> bool:
        """Paid for, like any reply, and of no use."""
        return self.finish_reason == DECLINED
