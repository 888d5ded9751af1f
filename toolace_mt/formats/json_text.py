"""JSON read with a bound on its depth, since all that follows walks it recursively."""

from __future__ import annotations

import re

import orjson

from toolace_mt.transcript import JsonValue

__all__ = ["MAX_DEPTH", "NotJsonError", "dump_json", "parse_json"]

MAX_DEPTH = 100
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class NotJsonError(ValueError):
    """The text is no JSON, or nested too deeply."""


def parse_json(text: str | bytes) -> JsonValue:
    """Parse JSON; raise NotJsonError with the reason in one line."""
    try:
        written = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        raise NotJsonError(f"not UTF-8: {error.reason}") from None
    if written.count(b"[") + written.count(b"{") > MAX_DEPTH and _depth(written) > MAX_DEPTH:
        raise NotJsonError(f"nested deeper than {MAX_DEPTH}")
    try:
        value: JsonValue = orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise NotJsonError(f"not JSON: {error.msg} at character {error.pos}") from None
    return value


def dump_json(value: JsonValue) -> str:
    """Write JSON text in one line; members keep their order."""
    return orjson.dumps(value).decode()


def _depth(text: bytes) -> int:
    depth = deepest = 0
    for found in _BRACKETS.finditer(text):
        mark = found[0]
        if mark in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif mark in (b"]", b"}"):
            depth -= 1
    return deepest
