"""The values that go into a trusted environment and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.types import Call, JsonObject, Outcomes, PlannedFault

__all__ = [
    "StateReading",
    "TrustedExecution",
    "TrustedTrajectory",
    "TurnExecution",
    "Unopened",
    "WrittenRecord",
]


class StateReading(StrEnum):
    """How often the state is read; each reading costs a walk over the objects' public attributes.

    DIGEST is FINAL without the state itself, of which only the digest comes back.
    """

    DIGEST = "digest"
    FINAL = "final"
    TURN = "turn"
    CALL = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRecord:
    """A record as it stands in a file, which the worker reads: an object, or what becomes one as ``record``.

    It gets this ``id`` if it has none of its own.
    """

    text: bytes
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedTrajectory:
    """A record, from which the factory makes the objects, and the calls to make on them, turn by turn.

    ``faults`` are planned failures by the index of the call among all calls.
    """

    record: JsonObject | WrittenRecord
    turns: tuple[tuple[Call, ...], ...]
    faults: Mapping[int, PlannedFault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnExecution:
    """What the calls of one turn did.

    ``state`` and ``state_digest`` are those after the turn, None unless turns or calls were to be read;
    ``call_digests`` has one digest per call, or none.
    """

    outcomes: Outcomes
    state: JsonObject | None = None
    state_digest: str | None = None
    call_digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedExecution:
    """What a trajectory did; as many turns as were given.

    ``final_state`` is None if only its digest was to be read.
    """

    turns: tuple[TurnExecution, ...]
    final_state: JsonObject | None
    final_state_digest: str

    @property
    def outcomes(self) -> Outcomes:
        """The outcomes of all calls in order."""
        return Outcomes.joined([turn.outcomes for turn in self.turns])


@dataclass(frozen=True, slots=True, kw_only=True)
class Unopened:
    """The factory made nothing of this record, or what it made cannot be used; nothing was called."""

    reason: str
