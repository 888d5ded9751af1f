"""A pack as people use it: opened, with a world in which one call follows another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from sandbox.packs.joining import read_packs
from sandbox.packs.reading import Pack
from sandbox.runtime import Runtime, open_runtime
from sandbox.state.world import state_digest
from sandbox.types import Call, JsonValue, Outcome, Snapshot, Trajectory

__all__ = ["OpenedPack", "Session", "open_pack"]


class Session:
    """One open world of a pack; every call happens on the state that the one before left."""

    def __init__(self, runtime: Runtime, pack: Pack, start: str | Snapshot) -> None:
        self._runtime = runtime
        self.pack = pack
        self.snapshot = Snapshot(world=start, state=pack.world(start)) if isinstance(start, str) else start

    async def call(self, name: str, arguments: Mapping[str, JsonValue] | None = None) -> Outcome:
        """Call a tool; give what it returned or why it failed."""
        call = Call(name=name, arguments=arguments or {})
        execution = (await self._runtime.run(self.pack, [Trajectory(start=self.snapshot, calls=(call,))]))[0]
        self.snapshot = execution.final
        return execution.steps[0].outcome

    @property
    def state_digest(self) -> str:
        """The digest of the state as it is now."""
        return state_digest(self.snapshot.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPack(Pack):
    """A pack whose worlds can be opened."""

    @asynccontextmanager
    async def session(self, world: str | None = None) -> AsyncIterator[Session]:
        """Open a world for one call after another, on a worker of its own; the first world by default."""
        async with open_runtime(workers=1) as runtime:
            yield Session(runtime, self, next(iter(self.worlds)) if world is None else world)


def open_pack(name_or_path: str | Path) -> OpenedPack:
    """Read a pack by its shipped name or its folder's path, or several joined by ``+``."""
    pack = read_packs(name_or_path)
    return OpenedPack(**{field.name: getattr(pack, field.name) for field in fields(pack)})
