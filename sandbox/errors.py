"""Everything that is wrong with a pack, a world or this platform, as against a tool call that fails.

SandboxError
├── PackError               a pack's folder, manifest, tools, code or worlds are not acceptable
├── UnknownWorld            the pack has no world of that name
├── PolicyViolation         tool code or a schema uses what the policy forbids
├── IsolationError          the platform cannot confine a worker as strongly as was asked
├── EnvironmentUnusable     a trusted Python environment cannot be imported or started
├── ImportFailed            a foreign description of tools cannot be made into a pack
└── ServingFailed           a pack cannot be served to others

A failing *call* is never an exception: it is a ``Fault`` (see ``sandbox.types``).
"""

from __future__ import annotations

__all__ = [
    "EnvironmentUnusable",
    "ImportFailed",
    "IsolationError",
    "PackError",
    "PolicyViolation",
    "SandboxError",
    "ServingFailed",
    "UnknownWorld",
]


class SandboxError(Exception):
    """Base of this package's errors; the message names the thing and the remedy."""


class PackError(SandboxError):
    """A tool pack cannot be used as it is."""


class UnknownWorld(SandboxError):
    """The pack has no world of that name."""


class PolicyViolation(SandboxError):
    """Untrusted code or an untrusted schema uses what the policy forbids."""


class IsolationError(SandboxError):
    """A worker cannot be confined here as strongly as was asked."""


class EnvironmentUnusable(SandboxError):
    """A trusted Python environment cannot be imported or started."""


class ImportFailed(SandboxError):
    """A foreign description of tools cannot be made into a pack."""


class ServingFailed(SandboxError):
    """A pack cannot be served to others."""
