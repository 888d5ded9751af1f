"""Planned faults: failures that a dialogue wants to see; applied around the tool, so that they replay."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.errors import SandboxError
from sandbox.types import Fault, FaultKind, PlannedFault

__all__ = ["check_faults", "planned"]


def planned(faults: Mapping[int, PlannedFault], call_number: int) -> Fault | None:
    """Give the fault that is planned for a call, counted since the world was opened."""
    fault = faults.get(call_number)
    return None if fault is None else Fault(fault.kind, fault.code, fault.message)


def check_faults(faults: Mapping[int, PlannedFault], errors_by_tool: Mapping[int, Mapping[str, str]]) -> None:
    """Raise ``SandboxError`` if a planned declared error is none of its tool's declared ones."""
    for number, fault in faults.items():
        declared = errors_by_tool.get(number)
        if fault.kind is FaultKind.TOOL_ERROR and declared is not None and fault.code not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise SandboxError(
                f"call {number}: {fault.code!r} is no declared error of its tool; declared are: {known}"
            )
