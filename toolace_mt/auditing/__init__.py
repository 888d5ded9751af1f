"""Audits other people's data with the rules of this project: a report, files and an exit status.

Each name is imported when it is first used: a process that only judges needs little of all this.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from toolace_mt.auditing.environment import (
        Environment,
        EnvironmentUnusableError,
        Executed,
        NotExecuted,
        Recorded,
    )
    from toolace_mt.auditing.experts import ExpertSettings
    from toolace_mt.auditing.journal import NotResumableError
    from toolace_mt.auditing.output import DirectoryInUseError
    from toolace_mt.auditing.policy import BadSeverityError
    from toolace_mt.auditing.report import LEVELS, AuditReport, LocatedFinding, Verdict
    from toolace_mt.auditing.runner import audit, audit_async
    from toolace_mt.auditing.settings import AuditSettings, BadSettingsError, find_settings, read_settings
    from toolace_mt.auditing.watching import AuditProgressed

__all__ = [
    "LEVELS",
    "AuditProgressed",
    "AuditReport",
    "AuditSettings",
    "BadSettingsError",
    "BadSeverityError",
    "DirectoryInUseError",
    "Environment",
    "EnvironmentUnusableError",
    "Executed",
    "ExpertSettings",
    "LocatedFinding",
    "NotExecuted",
    "NotResumableError",
    "Recorded",
    "Verdict",
    "audit",
    "audit_async",
    "find_settings",
    "read_settings",
]

_HOMES: Final = {
    "environment": ("Environment", "EnvironmentUnusableError", "Executed", "NotExecuted", "Recorded"),
    "experts": ("ExpertSettings",),
    "journal": ("NotResumableError",),
    "output": ("DirectoryInUseError",),
    "policy": ("BadSeverityError",),
    "report": ("LEVELS", "AuditReport", "LocatedFinding", "Verdict"),
    "runner": ("audit", "audit_async"),
    "settings": ("AuditSettings", "BadSettingsError", "find_settings", "read_settings"),
    "watching": ("AuditProgressed",),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
