"""The name under which a reply is stored: a digest of all that the model sees."""

from __future__ import annotations

import xxhash

from engine.canonical import canonical_json
from engine.types import ChatRequest

__all__ = ["request_digest"]


def request_digest(request: ChatRequest, model_name: str) -> str:
    """Give 32 hexadecimal digits, the same for equal requests to the same model in every process.

    The purpose is left out: it does not reach the model.
    """
    seen_by_the_model = (
        model_name,
        [(message.role, message.content) for message in request.messages],
        request.max_tokens,
        float(request.temperature),
        request.seed,
        request.schema,
        request.stop,
    )
    return xxhash.xxh3_128_hexdigest(canonical_json(seen_by_the_model))
