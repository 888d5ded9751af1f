"""What a check of a tool pack found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sandbox.confine import Isolation
from sandbox.types import Call

__all__ = ["CounterExample", "PackFinding", "PackReport", "ToolCoverage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterExample:
    """The shortest calls found that break a property: the last one does it."""

    world: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFinding:
    """One thing that is wrong with a pack.

    ``code`` is a property's (``P1`` to ``P19``), ``static`` or ``task``; ``tool`` is None if it concerns the
    whole pack.
    """

    code: str
    severity: Literal["error", "warning"]
    message: str
    tool: str | None = None
    counter_example: CounterExample | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCoverage:
    """How often a tool succeeded, and failed with each of its declared errors."""

    successes: int
    errors: Mapping[str, int]

    @property
    def unreached(self) -> tuple[str, ...]:
        """Declared errors that no call reached."""
        return tuple(sorted(code for code, count in self.errors.items() if count == 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PackReport:
    """The result of ``check_pack``.  ``examples`` counts call sequences, ``calls`` the calls in them."""

    pack: str
    findings: tuple[PackFinding, ...]
    coverage: Mapping[str, ToolCoverage]
    examples: int
    calls: int
    isolation: Isolation

    @property
    def errors(self) -> tuple[PackFinding, ...]:
        """The findings that a pack must not have."""
        return tuple(finding for finding in self.findings if finding.severity == "error")
