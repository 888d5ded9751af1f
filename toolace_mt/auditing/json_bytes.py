"""JSON for the audit's outputs, for any text: file names may hold bytes that are no UTF-8."""

from __future__ import annotations

import json

import orjson

from toolace_mt.transcript import JsonObject

__all__ = ["json_bytes", "plain_text"]

_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160), 0x2028, 0x2029), "\ufffd")
_CONTROLS |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
"""Control characters, and those that turn the direction of text around."""


def json_bytes(value: JsonObject, *, indent: bool = False) -> bytes:
    """Write JSON; lone surrogates, which orjson refuses, are escaped."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0)
    except orjson.JSONEncodeError:
        separators = None if indent else (",", ":")
        return json.dumps(value, indent=2 if indent else None, separators=separators).encode()


def plain_text(text: str) -> str:
    """Give text that a terminal shows as it is: no control sequences, nothing that cannot be encoded."""
    return text.encode("utf-8", "replace").decode().translate(_CONTROLS)
