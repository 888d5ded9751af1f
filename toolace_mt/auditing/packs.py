"""Runs recorded calls in the sandbox, in one tool pack or in the pack that each record names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Self

import anyio

from sandbox import (
    JOINING_SIGN,
    Execution,
    Pack,
    PackError,
    ProcessRuntime,
    SandboxError,
    Trajectory,
    describe_changes,
    diff_states,
    join_packs,
    open_pack,
    open_runtime,
    pinned_digests,
    shipped_packs,
)
from toolace_mt.auditing.environment import (
    Environment,
    EnvironmentUnusableError,
    Executed,
    NotExecuted,
    Recorded,
    ends_otherwise,
    state_differences,
)
from toolace_mt.auditing.replay import calls_of, fault_problem, faults_of
from toolace_mt.together import all_of
from toolace_mt.transcript import Setting, Transcript

__all__ = ["AUTO", "open_packs"]

AUTO = "auto"
"""The environment in which each record is run in the shipped pack that it names."""


@asynccontextmanager
async def open_packs(name: str, *, required: str = "strong", workers: int = 2) -> AsyncIterator[Environment]:
    """Open a tool pack by name or folder (or ``auto``) and the workers that run it.

    Raise EnvironmentUnusableError if a pack cannot be read or loaded, or workers cannot be confined.  With
    ``auto`` a shipped pack is read and loaded when a record first names it.
    """
    try:
        async with open_runtime(workers=workers, required=required, trusted=pinned_digests()) as runtime:
            if name == AUTO:
                yield PackEnvironment(runtime, (), known=shipped_packs())
            else:
                yield PackEnvironment(runtime, (await _OpenedPack.load(runtime, open_pack(name)),), known=())
    except SandboxError as error:
        raise EnvironmentUnusableError(f"environment {name}: {error}") from None


class _OpenedPack:
    """A pack that loads, and the digests of its worlds before any call."""

    def __init__(self, pack: Pack, digests: Mapping[str, str]) -> None:
        self.pack = pack
        self.digests = digests
        self.reads = frozenset(tool.name for tool in pack.tools if tool.effect == "read")

    @classmethod
    async def load(cls, runtime: ProcessRuntime, pack: Pack) -> Self:
        violation = (await runtime.inspect(pack))["violation"]
        if violation is not None:
            raise EnvironmentUnusableError(
                f"pack {pack.name}: {violation}; `toolace-mt packs check` says more"
            )
        worlds = tuple(pack.worlds)
        fresh = await runtime.run(pack, [Trajectory(start=world, calls=()) for world in worlds])
        return cls(pack, {world: run.final_state_digest for world, run in zip(worlds, fresh, strict=True)})


class PackEnvironment:
    """Executes records in packs.

    Of ``opened`` the first runs the records that name no pack; ``known`` are the shipped packs that are
    opened when they are first needed.
    """

    def __init__(
        self, runtime: ProcessRuntime, opened: Sequence[_OpenedPack], *, known: Sequence[str]
    ) -> None:
        self._runtime = runtime
        self._packs = {one.pack.name: one for one in opened}
        self._known = known
        self._default = opened[0] if opened else None
        self._opening = anyio.Lock()
        self._parts: dict[str, Pack] = {}

    @property
    def name(self) -> str:
        return AUTO if self._default is None else self._default.pack.name

    @property
    def isolation(self) -> str:
        return str(self._runtime.isolation.level.value)

    @property
    def reads(self) -> frozenset[str] | None:
        """Known only if there is one pack: two packs may have tools of one name."""
        return None if self._default is None else self._default.reads

    async def execute(self, records: Sequence[Recorded]) -> list[Executed | NotExecuted]:
        """Execute each record's parsable calls from its world, or the pack's first world."""
        results: list[Executed | NotExecuted] = []
        runnable: dict[str, _Runnable] = {}
        for number, record in enumerate(records):
            setting = record.transcript.setting
            pack = await self._pack_of(setting)
            problem = pack if isinstance(pack, str) else _world_problem(pack, setting)
            results.append(NotExecuted(reason=problem or "not run"))
            if problem is None and not isinstance(pack, str):
                trajectory = _trajectory(record.transcript, pack.pack)
                runnable.setdefault(pack.pack.name, _Runnable(pack)).add(number, trajectory)
        todo = [*runnable.values()]
        runs = await all_of(
            [partial(self._runtime.run, part.opened.pack, part.trajectories) for part in todo]
        )
        for part, executions in zip(todo, runs, strict=True):
            for number, trajectory, run in zip(part.numbers, part.trajectories, executions, strict=True):
                results[number] = _executed(part.opened, trajectory, run)
            await self._tell_changes(part, records, results)
        return results

    async def _tell_changes(
        self, part: _Runnable, records: Sequence[Recorded], results: list[Executed | NotExecuted]
    ) -> None:
        """Run again those that end in another state than was recorded, to see what they changed."""
        differing = [
            (number, result, trajectory)
            for number, trajectory in zip(part.numbers, part.trajectories, strict=True)
            if isinstance(result := results[number], Executed)
            and ends_otherwise(records[number].transcript.setting, result)
        ]
        pack = part.opened.pack
        runs = await self._runtime.run(pack, [replace(again, keep_final=True) for _, _, again in differing])
        for (number, result, trajectory), run in zip(differing, runs, strict=True):
            assert isinstance(trajectory.start, str)
            changes = diff_states(pack.world(trajectory.start), run.final.state)
            results[number] = replace(
                result,
                changes=describe_changes(changes),
                differences=state_differences(records[number].transcript.setting, run.final.state),
            )

    async def _pack_of(self, setting: Setting) -> _OpenedPack | str:
        """Give the pack to run the record in, or why there is none."""
        wanted = setting.pack
        if wanted is None:
            return self._default or "the record names no pack; give one with --env"
        if wanted not in self._packs and {*wanted.split(JOINING_SIGN)} <= {*self._known}:
            try:
                await self._open(wanted)
            except PackError as error:  # some packs cannot be joined
                return str(error)
        opened = self._packs.get(wanted)
        if opened is not None:
            return opened
        names = ", ".join(sorted({*self._packs, *self._known}))
        return f"the record was made in the pack {wanted!r}; open are {names}"

    async def _open(self, name: str) -> None:
        async with self._opening:
            if name not in self._packs:
                parts = [self._read(part) for part in name.split(JOINING_SIGN)]
                pack = parts[0] if len(parts) == 1 else join_packs(parts)
                self._packs[name] = await _OpenedPack.load(self._runtime, pack)

    def _read(self, name: str) -> Pack:
        """Read a shipped pack once, for several may join it."""
        if name not in self._parts:
            self._parts[name] = open_pack(name)
        return self._parts[name]


class _Runnable:
    """The records of a batch that run in one pack."""

    __slots__ = ("numbers", "opened", "trajectories")

    def __init__(self, opened: _OpenedPack) -> None:
        self.opened = opened
        self.numbers: list[int] = []
        self.trajectories: list[Trajectory] = []

    def add(self, number: int, trajectory: Trajectory) -> None:
        self.numbers.append(number)
        self.trajectories.append(trajectory)


def _world_problem(opened: _OpenedPack, setting: Setting) -> str | None:
    if setting.world is not None and setting.world not in opened.pack.worlds:
        worlds = ", ".join(opened.pack.worlds)
        return f"the pack {opened.pack.name} has no world {setting.world!r}; it has {worlds}"
    return fault_problem(setting)


def _trajectory(transcript: Transcript, pack: Pack) -> Trajectory:
    setting = transcript.setting
    return Trajectory(
        start=next(iter(pack.worlds)) if setting.world is None else setting.world,
        calls=calls_of(transcript),
        faults=faults_of(setting),
        keep_final=False,
    )


def _executed(opened: _OpenedPack, trajectory: Trajectory, run: Execution) -> Executed:
    assert isinstance(trajectory.start, str)
    after = run.state_digests
    before = (opened.digests[trajectory.start], *after)[: len(after)]
    changed = [
        number
        for number, (call, old, new) in enumerate(zip(trajectory.calls, before, after, strict=True))
        if old != new and call.name in opened.reads
    ]
    mock = opened.pack.mock
    return Executed(
        outcomes=run.outcomes,
        final_state_digest=run.final_state_digest if mock is None else None,
        changed_by_reads=frozenset(changed),
        made_up=mock == "schema-true",
    )
