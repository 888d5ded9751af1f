"""The values that go into the sandbox and come out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import overload

import orjson

from sandbox.fault import Fault, FaultKind

__all__ = [
    "Call",
    "Execution",
    "Fault",
    "FaultKind",
    "JsonObject",
    "JsonValue",
    "Outcome",
    "Outcomes",
    "PlannedFault",
    "Returned",
    "Snapshot",
    "Step",
    "Trajectory",
]

JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
JsonObject = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool's name and its arguments by name."""

    name: str
    arguments: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Returned:
    """The tool answered; ``value`` is plain JSON that fits the tool's ``returns`` schema."""

    value: JsonValue


Outcome = Returned | Fault


@dataclass(frozen=True, slots=True)
class Outcomes(Sequence[Outcome]):
    """What came of calls, in order; each is read from its result, which stays text until it is asked for.

    ``results`` are JSON, ``null`` for the calls that failed: these are among the ``faults`` by their place.
    """

    results: tuple[bytes, ...] = ()
    faults: Mapping[int, Fault] = field(default_factory=dict)

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Outcomes:
        """Write outcomes."""
        given = tuple(outcomes)
        return cls(
            tuple([orjson.dumps(one.value) if isinstance(one, Returned) else b"null" for one in given]),
            {place: one for place, one in enumerate(given) if isinstance(one, Fault)},
        )

    @classmethod
    def joined(cls, parts: Sequence[Outcomes]) -> Outcomes:
        """Give the outcomes of several, one after another."""
        if len(parts) == 1:
            return parts[0]
        results: list[bytes] = []
        faults: dict[int, Fault] = {}
        for part in parts:
            faults |= {len(results) + place: fault for place, fault in part.faults.items()}
            results += part.results
        return cls(tuple(results), faults)

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, place: int) -> Outcome: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Outcome, ...]: ...

    def __getitem__(self, place: int | slice) -> Outcome | tuple[Outcome, ...]:
        places = range(len(self.results))[place]
        return self._at(places) if isinstance(places, int) else tuple(map(self._at, places))

    def __iter__(self) -> Iterator[Outcome]:
        return map(self._at, range(len(self.results)))

    def _at(self, place: int) -> Outcome:
        if place in self.faults:
            return self.faults[place]
        try:
            return Returned(orjson.loads(self.results[place]))
        except orjson.JSONDecodeError as error:  # what wrote it was no worker of ours any more
            return Fault(FaultKind.CRASH, "crash", f"the result is not JSON: {error}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """A failure that is to happen to one call whatever the tool would do; the state stays as it was.

    Only with the code ``truncated_result`` the tool does run, and its changes stay: of its answer the first
    half arrives, after the message.  A rate limit is a ``TOOL_ERROR`` of the code ``rate_limit``.
    """

    kind: FaultKind
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A world between two calls: all that the next call's outcome depends on.

    ``state`` is JSON, tables by name; ``counters`` are the id counters that tools drew from;
    ``calls_made`` counts the calls since the world was opened.
    """

    world: str
    state: JsonObject
    counters: Mapping[str, int] = field(default_factory=dict)
    calls_made: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """Calls to execute in order, each on the state that the one before left.

    ``start`` is a world's name (a fresh one) or a snapshot.  ``faults`` are planned failures by the
    index of the call since the world was opened.  ``keep_snapshots`` asks for one after every call,
    ``keep_final`` for one after the last: without it there is only the final state's digest, and that is
    cheaper.
    """

    start: str | Snapshot
    calls: tuple[Call, ...]
    faults: Mapping[int, PlannedFault] = field(default_factory=dict)
    keep_snapshots: bool = False
    keep_final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one call did.

    ``steps_used`` counts the tool's own deterministic steps, 0 if it did not run; None in the trusted lane,
    where nobody counts.
    """

    outcome: Outcome
    state_digest: str
    steps_used: int | None = 0
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What a trajectory did, in columns of as many entries as calls; ``steps`` gives them row by row.

    ``snapshots`` is empty unless they were to be kept.
    """

    outcomes: Outcomes
    state_digests: tuple[str, ...]
    steps_used: tuple[int | None, ...]
    snapshots: tuple[Snapshot, ...] = ()
    final_state_digest: str
    kept_final: Snapshot | None = None

    @classmethod
    def of(
        cls, steps: Sequence[Step], *, final_state_digest: str, kept_final: Snapshot | None = None
    ) -> Execution:
        """Write steps as columns."""
        return cls(
            outcomes=Outcomes.of(step.outcome for step in steps),
            state_digests=tuple([step.state_digest for step in steps]),
            steps_used=tuple([step.steps_used for step in steps]),
            snapshots=tuple([step.snapshot for step in steps if step.snapshot is not None]),
            final_state_digest=final_state_digest,
            kept_final=kept_final,
        )

    @classmethod
    def joined(cls, parts: Sequence[Execution]) -> Execution:
        """Give the execution of trajectories that each began where the one before ended."""
        last = parts[-1]
        return cls(
            outcomes=Outcomes.joined([part.outcomes for part in parts]),
            state_digests=tuple(chain.from_iterable(part.state_digests for part in parts)),
            steps_used=tuple(chain.from_iterable(part.steps_used for part in parts)),
            snapshots=tuple(chain.from_iterable(part.snapshots for part in parts)),
            final_state_digest=last.final_state_digest,
            kept_final=last.kept_final,
        )

    @property
    def steps(self) -> tuple[Step, ...]:
        """What each call did, made anew whenever it is asked for."""
        snapshots = self.snapshots or (None,) * len(self.outcomes)
        rows = zip(self.outcomes, self.state_digests, self.steps_used, snapshots, strict=True)
        return tuple(
            [
                Step(outcome=outcome, state_digest=digest, steps_used=used, snapshot=snapshot)
                for outcome, digest, used, snapshot in rows
            ]
        )

    @property
    def final(self) -> Snapshot:
        """The world after the last call.  Raises ``ValueError`` if the trajectory did not ask for it."""
        if self.kept_final is None:
            raise ValueError("the final state was not kept; ask for it with keep_final")
        return self.kept_final
