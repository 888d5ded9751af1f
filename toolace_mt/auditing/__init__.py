"""Audits other people's data with the rules of this project: a report, files and an exit status."""

from toolace_mt.auditing.environment import Environment, Executed, NotExecuted, Recorded
from toolace_mt.auditing.experts import ExpertSettings
from toolace_mt.auditing.journal import NotResumableError
from toolace_mt.auditing.packs import EnvironmentUnusableError
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
