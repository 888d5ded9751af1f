"""JSON read with a bound on its depth, since all that follows walks it recursively."""

from __future__ import annotations

import re

import orjson

from toolace_mt.transcript import JsonValue

__all__ = ["MAX_DEPTH", "NotJsonError", "dump_json", "parse_json"]

MAX_DEPTH = 100
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


class NotJsonError(ValueError):
    """The text is no JSON, or nested too deeply."""


def parse_json(text: str | bytes) -> JsonValue:
    """Parse JSON; raise NotJsonError with the reason in one line."""
    try:
        written = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        raise NotJsonError(f"not UTF-8: {error.reason}") from None
    if written.count(b"[") + written.count(b"{") > MAX_DEPTH and _is_deep(written):
        raise NotJsonError(f"nested deeper than {MAX_DEPTH}")
    try:
        value: JsonValue = orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise NotJsonError(f"not JSON: {error.msg} at character {error.pos}") from None
    return value


def dump_json(value: JsonValue) -> str:
    """Write JSON text in one line; members keep their order."""
    return orjson.dumps(value).decode()


def _is_deep(text: bytes) -> bool:
    """Peel off innermost pairs of brackets, one level at a time; no Python loop over the text."""
    brackets = _STRINGS.sub(b"", text).translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        peeled = brackets.replace(b"[]", b"")
        if len(peeled) == len(brackets):
            return False  # nothing left, or not balanced: then it is no JSON
        brackets = peeled
    return bool(brackets)
