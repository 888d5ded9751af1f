"""Audits other people's data with the rules of this project: a report, files and an exit status."""

from toolace_mt.audit.environment import Environment, Executed, NotExecuted
from toolace_mt.audit.packs import EnvironmentUnusableError
from toolace_mt.audit.report import LEVELS, AuditReport, LocatedFinding, Verdict
from toolace_mt.audit.runner import audit, audit_async

__all__ = [
    "LEVELS",
    "AuditReport",
    "Environment",
    "EnvironmentUnusableError",
    "Executed",
    "LocatedFinding",
    "NotExecuted",
    "Verdict",
    "audit",
    "audit_async",
]
