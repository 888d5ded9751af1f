"""Why a call has no result.  A worker that only runs calls needs no more of what goes in and comes out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Fault", "FaultKind"]


class FaultKind(StrEnum):
    """Why a call has no result."""

    UNKNOWN_TOOL = "unknown_tool"
    INVALID_ARGUMENTS = "invalid_arguments"
    TOOL_ERROR = "tool_error"
    UNDECLARED_ERROR = "undeclared_error"
    INVALID_RESULT = "invalid_result"
    BUDGET = "budget"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    FORBIDDEN = "forbidden"
    CRASH = "crash"


@dataclass(frozen=True, slots=True)
class Fault:
    """The call failed.  ``code`` is the tool's declared error code, else the kind's own name."""

    kind: FaultKind
    code: str
    message: str
