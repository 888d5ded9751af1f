"""The name under which a reply is stored: a digest of all that the model sees."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import orjson
import xxhash

from engine.types import ChatRequest

__all__ = ["canonical_json", "request_digest"]


def canonical_json(value: object) -> bytes:
    """Write JSON in one fixed way: sorted keys, no spaces, UTF-8."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=_plain)
    except TypeError:  # lone surrogates and integers beyond 64 bits
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain).encode("ascii")


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


def _plain(value: object) -> object:
    """Turn the mappings and sequences that the JSON writers do not know into those that they do."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
