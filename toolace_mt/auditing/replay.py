"""What of a record is executed: its parsable calls and its planned faults."""

from __future__ import annotations

from sandbox import Call, FaultKind, PlannedFault
from toolace_mt.transcript import JsonObject, Setting, Transcript

__all__ = ["calls_of", "fault_problem", "faults_of"]


def calls_of(transcript: Transcript) -> tuple[Call, ...]:
    """Give the calls whose arguments could be read, in order."""
    return tuple(
        [
            Call(name=call.name, arguments=call.arguments)
            for message in transcript.messages
            if message.calls
            for call in message.calls
            if call.arguments is not None
        ]
    )


def fault_problem(setting: Setting) -> str | None:
    """Say which planned fault cannot be planned; None if all can."""
    for index, fault in setting.faults.items():
        if fault.get("kind") not in set(FaultKind):
            return f"the planned fault of call {index} has the unknown kind {fault.get('kind')!r}"
    return None


def faults_of(setting: Setting) -> dict[int, PlannedFault]:
    """Give the planned faults by the index of the call (see ``fault_problem``)."""
    return {index: _planned(fault) for index, fault in setting.faults.items()}


def _planned(fault: JsonObject) -> PlannedFault:
    kind = FaultKind(str(fault["kind"]))
    return PlannedFault(
        kind=kind, code=str(fault.get("code", kind.value)), message=str(fault.get("message", ""))
    )
