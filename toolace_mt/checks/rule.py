"""What a rule is: a code that never changes, and all that a reader wants to know about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from toolace_mt.findings import Severity

__all__ = ["Certainty", "Rule"]


class Certainty(StrEnum):
    """How much a finding of the rule proves."""

    CERTAIN = "certain"
    """It follows from the record alone."""
    EXECUTED = "executed"
    """It was seen when the calls were run."""
    LIKELY = "likely"
    """A heuristic that was tuned to stay silent when in doubt; it can still be wrong."""
    JUDGED = "judged"
    """A model's opinion, by a majority of several answers; the finding says how many agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its code and name, what it says, why it matters, an example of each side, and the remedy."""

    code: str
    name: str
    message: str
    why: str
    bad: str
    good: str
    fix: str
    severity: Severity = Severity.ERROR
    certainty: Certainty = Certainty.CERTAIN

    @property
    def family(self) -> str:
        """The code's family, such as ``TA3``."""
        return self.code[:3]
