"""Planned faults: failures that a dialogue wants to see; applied around the tool, so that they replay.

A declared error, a rate limit, a timeout: the tool does not run.  With a truncated result (the code
``truncated_result``) the tool does its work, and only the first half of its answer arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.fault import Fault, FaultKind

if TYPE_CHECKING:
    from sandbox.types import PlannedFault

__all__ = ["TRUNCATED", "read_faults", "truncated", "write_faults"]

TRUNCATED = "truncated_result"
MAX_CUT = 1_000


def write_faults(faults: Mapping[int, PlannedFault]) -> list[Any]:
    """Write a dialogue's fault table for a worker."""
    return [[number, fault.kind.value, fault.code, fault.message] for number, fault in faults.items()]


def read_faults(written: list[Any]) -> dict[int, Fault]:
    """Give the faults by the number of the call, counted since the world was opened."""
    return {number: Fault(FaultKind(kind), code, message) for number, kind, code, message in written}


def truncated(fault: Fault, result: bytes) -> Fault:
    """Give the fault of a result of which only the first half arrived; it stands after the message."""
    text = result.decode()
    cut = text[: min(len(text) // 2, MAX_CUT)]
    return Fault(fault.kind, fault.code, f"{fault.message} {cut}".strip())
