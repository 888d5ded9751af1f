"""Planned faults: failures that a dialogue wants to see; applied around the tool, so that they replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.types import Fault, FaultKind, PlannedFault

__all__ = ["read_faults", "write_faults"]


def write_faults(faults: Mapping[int, PlannedFault]) -> list[Any]:
    """Write a dialogue's fault table for a worker."""
    return [[number, fault.kind.value, fault.code, fault.message] for number, fault in faults.items()]


def read_faults(written: list[Any]) -> dict[int, Fault]:
    """Give the faults by the number of the call, counted since the world was opened."""
    return {number: Fault(FaultKind(kind), code, message) for number, kind, code, message in written}
