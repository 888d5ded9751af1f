"""JSON read with a bound on its depth, since all that follows walks it recursively."""

from __future__ import annotations

import json

import orjson

from toolace_mt.transcript import JsonObject, JsonValue

__all__ = [
    "MAX_CONTAINERS",
    "MAX_DEPTH",
    "NotJsonError",
    "dump_json",
    "named_twice",
    "parse_json",
    "repeated_key",
]

MAX_DEPTH = 100
MAX_CONTAINERS = 150_000
"""An empty list is two bytes of text and eighty of memory, so a bound on the text alone bounds little.

Dialogues have one for every hundred bytes; the longest record that is read may have one for every fifty.
"""
_DUMPED_DEPTH = 254
"""As deep as orjson writes, by its documentation."""


class NotJsonError(ValueError):
    """The text is no JSON, or nested too deeply."""


def parse_json(text: str | bytes) -> JsonValue:
    """Parse JSON; raise NotJsonError with the reason in one line."""
    try:
        if len(text) <= 2 * MAX_DEPTH and text.isascii():  # too short to be too deep, or to hold too much
            short: JsonValue = orjson.loads(text)
            return short
        written = text.encode() if isinstance(text, str) else text
        if len(written) > 2 * MAX_CONTAINERS and written.count(b"[") + written.count(b"{") > MAX_CONTAINERS:
            raise NotJsonError(f"more than {MAX_CONTAINERS:,} lists and objects")
        value: JsonValue = orjson.loads(written)
    except UnicodeEncodeError as error:
        raise NotJsonError(f"not UTF-8: {error.reason}") from None
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise NotJsonError(f"nested deeper than {MAX_DEPTH}") from None
        raise NotJsonError(f"not JSON: {error.msg} at character {error.pos}") from None
    if len(written) > 2 * MAX_DEPTH and _may_be_deep(written) and _is_deep(value):
        raise NotJsonError(f"nested deeper than {MAX_DEPTH}")
    return value


def repeated_key(text: bytes) -> str | None:
    """Give a key that the outermost object of a JSON text has twice: parsers see only the last of them."""
    repeated: str | None = None

    def members(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
        nonlocal repeated  # the outermost object is closed last
        names = dict(pairs)
        left = [key for key, _ in pairs]
        repeated = (
            next((key for key in names if left.count(key) > 1), None) if len(names) < len(left) else None
        )
        return names

    json.loads(text, object_pairs_hook=members)
    return repeated


def named_twice(text: str) -> str | None:
    """Give a key that the text's object has twice; None too if the text is no JSON."""
    try:
        return repeated_key(text.encode())
    except (ValueError, RecursionError):
        return None


def dump_json(value: JsonValue) -> str:
    """Write JSON text in one line; members keep their order."""
    return orjson.dumps(value).decode()


def _may_be_deep(written: bytes) -> bool:
    """What is open at any place was opened before it and is closed after it: so no place is deeper than the
    first half opens, or than the second half closes.  Brackets inside strings only make this too careful."""
    middle = len(written) // 2
    return (
        written.count(b"[", 0, middle) + written.count(b"{", 0, middle) > MAX_DEPTH
        or written.count(b"]", middle) + written.count(b"}", middle) > MAX_DEPTH
    )


def _is_deep(value: JsonValue) -> bool:
    """Have it written with so much around it that the writer refuses what is too deep: no loop in Python."""
    for _ in range(_DUMPED_DEPTH - MAX_DEPTH):
        value = [value]
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return True
    return False
