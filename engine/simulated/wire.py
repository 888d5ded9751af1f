"""How the known-good answer travels: in a header of its own, never in the prompt."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from engine.types import ChatMessage, ChatRequest

__all__ = ["EXPECTED_HEADER", "expected_headers", "request_of"]

EXPECTED_HEADER: Final = "X-Expected-Answer"


def expected_headers(request: ChatRequest) -> Mapping[str, str]:
    """Give the header that tells a simulated server what a good answer is."""
    if request.expected is None:
        return {}
    return {EXPECTED_HEADER: base64.b64encode(request.expected.encode()).decode()}


def request_of(asked: Mapping[str, Any], headers: Mapping[str, str]) -> ChatRequest:
    """Read a request as our own client wrote it, with its purpose lost.

    Raises KeyError, TypeError or ValueError when somebody else wrote it.
    """
    wanted = asked.get("response_format")
    return ChatRequest(
        purpose="simulated",
        messages=tuple(
            ChatMessage(role=message["role"], content=str(message["content"]))
            for message in asked["messages"]
        ),
        max_tokens=int(asked.get("max_tokens") or 256),
        temperature=float(asked.get("temperature", 0.0)),
        seed=int(asked.get("seed", 0)),
        schema=wanted["json_schema"]["schema"] if wanted else None,
        stop=tuple(asked.get("stop", ())),
        expected=_expected(headers.get(EXPECTED_HEADER)),
    )


def _expected(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError(f"{EXPECTED_HEADER} is not base64 of UTF-8") from None
