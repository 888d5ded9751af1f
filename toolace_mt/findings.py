"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Severity"]


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One breach of one rule.

    ``turn`` is the message's index, ``call`` the call's index within that message, ``path`` a JSON path
    inside the arguments, the schema or the result.
    """

    rule: str
    message: str
    turn: int | None = None
    call: int | None = None
    path: str | None = None
