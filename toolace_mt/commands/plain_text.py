"""What strangers wrote, as it may be shown in a terminal."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["plain"]

_STEERING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def plain(text: str) -> str:
    r"""Give the text with what would move a cursor or turn the reading round as ``\x1b``; lines stay."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
