"""What became of a call whose tool raised something: the fault that its caller sees."""

from __future__ import annotations

import gc

from sandbox.language.meter import ForbiddenUse, StepBudgetExceeded
from sandbox.language.showing import exception_text
from sandbox.types import Fault, FaultKind
from sandbox.workers.contract import fault

__all__ = ["RAISED", "fault_of"]

RAISED = (StepBudgetExceeded, ForbiddenUse, Exception)
"""All that tool code can raise beside ``DeclaredFailure``, which its contract judges."""


def fault_of(error: BaseException) -> Fault:
    """Name what ended a call, one of ``RAISED``."""
    match error:
        case StepBudgetExceeded():
            return fault(FaultKind.BUDGET, f"the call was stopped: {error}")
        case ForbiddenUse():
            return fault(FaultKind.FORBIDDEN, str(error))
        case MemoryError():
            gc.collect()
            return fault(FaultKind.MEMORY, "the call asked for more memory than a worker has")
        case _:
            return fault(FaultKind.UNDECLARED_ERROR, f"{type(error).__name__}: {exception_text(error)}")
