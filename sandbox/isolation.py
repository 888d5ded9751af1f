"""How strongly a platform confines workers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["MEASURES", "Isolation", "IsolationLevel"]

MEASURES = (
    "closed_descriptors",
    "empty_environment",
    "privileges",
    "no_new_privs",
    "landlock",
    "rlimits",
    "seccomp",
)


class IsolationLevel(StrEnum):
    """How strongly workers are confined: system calls filtered; limits and privileges only; nothing."""

    STRONG = "strong"
    LIMITED = "limited"
    NONE = "none"

    def at_least(self, other: IsolationLevel) -> bool:
        """Tell whether this level is as strong as another."""
        order = [IsolationLevel.NONE, IsolationLevel.LIMITED, IsolationLevel.STRONG]
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """What a platform gives, as probed by a worker on itself."""

    level: IsolationLevel
    measures: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The measures that could not be taken here."""
        return tuple(measure for measure in MEASURES if measure not in self.measures)

    @property
    def brief(self) -> str:
        """The level, and what it lacks if it is not the strongest."""
        if self.level is IsolationLevel.STRONG:
            return self.level
        return f"{self.level} (without {', '.join(self.missing) or 'effect'})"

    def __str__(self) -> str:
        return f"{self.level} ({', '.join(self.measures) or 'no measures'})"
