"""What a check of a tool pack found."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson

from sandbox.isolation import Isolation
from sandbox.types import Call, JsonValue, Outcome

__all__ = ["Breach", "CounterExample", "Judgement", "PackFinding", "PackReport", "ToolCoverage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterExample:
    """The shortest calls found that break a property: the last one does it.

    ``changes`` are values at dotted paths that the world has instead of its own before the first call.
    """

    world: str
    calls: tuple[Call, ...]
    changes: Mapping[str, JsonValue] = field(default_factory=dict)

    def command(self, pack: str) -> str:
        """Write the command that shows it; ``pack`` is a shipped name or a folder."""
        options = [
            *(("--set", f"{path}={_json(value)}") for path, value in self.changes.items()),
            *(("--call", f"{call.name} {_json(call.arguments)}") for call in self.calls),
        ]
        words = ["toolace-mt", "packs", "run", pack, "--strict", "--world", self.world]
        return shlex.join([*words, *(word for option in options for word in option)])


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A property that one call of an example breaks; ``call`` is its index."""

    call: int
    code: str
    tool: str
    message: str
    invariant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an example's calls did, and what they broke."""

    outcomes: tuple[Outcome, ...]
    final_state_digest: str
    broken: tuple[Breach, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFinding:
    """One thing that is wrong with a pack.

    ``code`` is a property's (``P1`` to ``P19``), ``static`` or ``task``; ``tool`` is None if it concerns the
    whole pack; ``invariant`` names the pack's own law.  ``found_after`` counts the call sequences until then.
    """

    code: str
    severity: Literal["error", "warning"]
    message: str
    tool: str | None = None
    counter_example: CounterExample | None = None
    invariant: str | None = None
    found_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCoverage:
    """How often a tool succeeded, and failed with each of its declared errors; its dearest call in steps."""

    successes: int
    errors: Mapping[str, int]
    most_steps: int = 0

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
