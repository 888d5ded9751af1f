"""Runs recorded calls in the sandbox, in one tool pack or in the pack that each record names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Self

from sandbox import (
    Execution,
    Pack,
    ProcessRuntime,
    Runtime,
    SandboxError,
    Trajectory,
    open_pack,
    open_runtime,
    shipped_packs,
)
from toolace_mt.auditing.environment import Environment, Executed, NotExecuted, Recorded
from toolace_mt.auditing.replay import calls_of, fault_problem, faults_of
from toolace_mt.transcript import Setting, Transcript

__all__ = ["AUTO", "EnvironmentUnusableError", "open_packs"]

AUTO = "auto"
"""The environment in which each record is run in the shipped pack that it names."""


class EnvironmentUnusableError(Exception):
    """The environment cannot be opened; the message names it and the remedy."""


@asynccontextmanager
async def open_packs(name: str, *, workers: int = 2) -> AsyncIterator[Environment]:
    """Open a tool pack by name or folder (or ``auto``) and the workers that run it.

    Raise EnvironmentUnusableError if a pack cannot be read or loaded, or workers cannot be confined.
    """
    try:
        packs = [open_pack(pack) for pack in (shipped_packs() if name == AUTO else (name,))]
        if not packs:
            raise EnvironmentUnusableError("no tool pack is shipped; name one with --env")
        async with open_runtime(workers=workers) as runtime:
            opened = {pack.name: await _OpenedPack.load(runtime, pack) for pack in packs}
            yield PackEnvironment(runtime, opened, default=None if name == AUTO else packs[0].name)
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
    """Executes records in packs that are open; ``default`` runs the records that name no pack."""

    def __init__(self, runtime: Runtime, packs: Mapping[str, _OpenedPack], *, default: str | None) -> None:
        self._runtime = runtime
        self._packs = packs
        self._default = default

    @property
    def name(self) -> str:
        return AUTO if self._default is None else self._default

    @property
    def isolation(self) -> str:
        return str(self._runtime.isolation.level.value)

    @property
    def reads(self) -> frozenset[str] | None:
        """Known only if there is one pack: two packs may have tools of one name."""
        return None if self._default is None else self._packs[self._default].reads

    async def execute(self, records: Sequence[Recorded]) -> list[Executed | NotExecuted]:
        """Execute each record's parsable calls from its world, or the pack's first world."""
        transcripts = [record.transcript for record in records]
        results: list[Executed | NotExecuted] = []
        runnable: dict[str, list[int]] = {}
        for number, transcript in enumerate(transcripts):
            pack = self._pack_of(transcript.setting)
            problem = pack if isinstance(pack, str) else _world_problem(pack, transcript.setting)
            results.append(NotExecuted(reason=problem or "not run"))
            if problem is None and not isinstance(pack, str):
                runnable.setdefault(pack.pack.name, []).append(number)
        for name, numbers in runnable.items():
            opened = self._packs[name]
            trajectories = [_trajectory(transcripts[number], opened.pack) for number in numbers]
            runs = await self._runtime.run(opened.pack, trajectories)
            for number, trajectory, run in zip(numbers, trajectories, runs, strict=True):
                results[number] = _executed(opened, trajectory, run)
        return results

    def _pack_of(self, setting: Setting) -> _OpenedPack | str:
        """Give the pack to run the record in, or why there is none."""
        wanted = setting.pack if setting.pack is not None else self._default
        if wanted is None:
            return "the record names no pack; give one with --env"
        opened = self._packs.get(wanted)
        if opened is not None:
            return opened
        return f"the record was made in the pack {wanted!r}; open are {', '.join(sorted(self._packs))}"


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
    )


def _executed(opened: _OpenedPack, trajectory: Trajectory, run: Execution) -> Executed:
    assert isinstance(trajectory.start, str)
    before = opened.digests[trajectory.start]
    changed: set[int] = set()
    for number, (call, step) in enumerate(zip(trajectory.calls, run.steps, strict=True)):
        if step.state_digest != before and call.name in opened.reads:
            changed.add(number)
        before = step.state_digest
    mock = opened.pack.mock
    return Executed(
        outcomes=tuple(step.outcome for step in run.steps),
        final_state_digest=run.final_state_digest if mock is None else None,
        changed_by_reads=frozenset(changed),
        made_up=mock == "schema-true",
    )
