"""JSON read with a bound on its depth, since all that follows walks it recursively."""

from __future__ import annotations

import orjson

from toolace_mt.transcript import JsonValue

__all__ = ["MAX_DEPTH", "NotJsonError", "dump_json", "parse_json"]

MAX_DEPTH = 100
_DUMPED_DEPTH = 254
"""As deep as orjson writes, by its documentation."""


class NotJsonError(ValueError):
    """The text is no JSON, or nested too deeply."""


def parse_json(text: str | bytes) -> JsonValue:
    """Parse JSON; raise NotJsonError with the reason in one line."""
    try:
        written = text.encode() if isinstance(text, str) else text
        value: JsonValue = orjson.loads(written)
    except UnicodeEncodeError as error:
        raise NotJsonError(f"not UTF-8: {error.reason}") from None
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise NotJsonError(f"nested deeper than {MAX_DEPTH}") from None
        raise NotJsonError(f"not JSON: {error.msg} at character {error.pos}") from None
    if len(written) > MAX_DEPTH and written.count(b"[") + written.count(b"{") > MAX_DEPTH and _is_deep(value):
        raise NotJsonError(f"nested deeper than {MAX_DEPTH}")
    return value


def dump_json(value: JsonValue) -> str:
    """Write JSON text in one line; members keep their order."""
    return orjson.dumps(value).decode()


def _is_deep(value: JsonValue) -> bool:
    """Have it written with so much around it that the writer refuses what is too deep: no loop in Python."""
    for _ in range(_DUMPED_DEPTH - MAX_DEPTH):
        value = [value]
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return True
    return False
