"""Several packs as one, so that a dialogue may use the tools of all of them, in one world.

Their tools and tables stand side by side; each pack's code still sees only names of its own.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from types import MappingProxyType

from sandbox.errors import PackError
from sandbox.packs.files import MAX_WORLDS
from sandbox.packs.reading import Pack, Task, read_pack
from sandbox.types import JsonObject, JsonValue

__all__ = ["JOINING_SIGN", "join_packs", "read_packs"]

JOINING_SIGN = "+"


def read_packs(name_or_path: str | Path) -> Pack:
    """Read one pack, or several whose names (or paths) are joined by ``+``.

    Raises what ``read_pack`` and ``join_packs`` raise.
    """
    names = str(name_or_path).split(JOINING_SIGN)
    if len(names) == 1 or os.path.exists(name_or_path):  # noqa: PTH110  # a name may be no path at all
        return read_pack(name_or_path)
    if not all(names):
        raise PackError(f"{str(name_or_path)[:200]!r}: a pack's name is missing beside a {JOINING_SIGN}")
    return join_packs([read_pack(name) for name in names])


def join_packs(packs: Sequence[Pack]) -> Pack:
    """Join packs in the order given; each combination of their worlds is a world, such as ``default+tight``.

    Raises ``PackError`` if two have a tool, a table or a persona each of which there can be only one, live at
    different times, or only pretend to execute.
    """
    name = JOINING_SIGN.join(pack.name for pack in packs)
    _refuse_clashes(name, packs)
    personas = [pack.persona for pack in packs if pack.persona is not None]
    policies = [pack.policy for pack in packs if pack.policy]
    return Pack(
        name=name,
        version=JOINING_SIGN.join(pack.version for pack in packs),
        licence=" AND ".join(dict.fromkeys(pack.licence for pack in packs)),
        description=" ".join(pack.description for pack in packs),
        clock=packs[0].clock,
        persona=personas[0] if personas else None,
        invariants=tuple(invariant for pack in packs for invariant in pack.invariants),
        tools=tuple(tool for pack in packs for tool in pack.tools),
        worlds=MappingProxyType(dict(_worlds(packs))),
        state_schema=_state_schema(packs),
        policy="\n".join(policies) or None,
        tasks=tuple(_tasks(packs)),
        source="",
        digest=hashlib.sha256("\n".join(["joined", *(pack.digest for pack in packs)]).encode()).hexdigest(),
        path=packs[0].path,
        parts=tuple(packs),
    )


def _refuse_clashes(name: str, packs: Sequence[Pack]) -> None:
    if any(pack.mock for pack in packs):
        raise PackError(f"{name}: a pack whose results are made up cannot be joined with others")
    if len({pack.clock for pack in packs}) > 1:
        raise PackError(f"{name}: their clocks differ; packs that are joined live at one time")
    if sum(pack.persona is not None for pack in packs) > 1:
        raise PackError(f"{name}: more than one has a persona, and a dialogue has one user")
    tool = _twice([tool.name for tool in pack.tools] for pack in packs)
    if tool is not None:
        raise PackError(f"{name}: two of them have a tool {tool}; rename one")
    table = _twice(_tables(pack) for pack in packs)
    if table is not None:
        raise PackError(f"{name}: two of them have a table {table}; rename one")
    worlds = 1
    for pack in packs:
        worlds *= len(pack.worlds)
    if worlds > MAX_WORLDS:
        raise PackError(f"{name}: their worlds combine to {worlds}, more than {MAX_WORLDS}; join fewer")


def _twice(names: Iterable[Iterable[str]]) -> str | None:
    counted = Counter(name for part in names for name in sorted(set(part)))
    return next((name for name, count in counted.items() if count > 1), None)


def _tables(pack: Pack) -> set[str]:
    held = {table for world in pack.worlds.values() for table in world}
    return held | {table for tool in pack.tools for table in tool.touches}


def _worlds(packs: Sequence[Pack]) -> Iterator[tuple[str, JsonObject]]:
    for worlds in product(*(pack.worlds.items() for pack in packs)):
        tables = {table: rows for _, state in worlds for table, rows in state.items()}
        yield JOINING_SIGN.join(name for name, _ in worlds), tables


def _state_schema(packs: Sequence[Pack]) -> JsonObject:
    """What the packs say of their own tables, but where it points elsewhere: names there may clash."""
    properties: dict[str, JsonValue] = {}
    for pack in packs:
        part = pack.state_schema.get("properties")
        if isinstance(part, Mapping) and "$defs" not in pack.state_schema:
            properties.update(part)
    return {"type": "object", "properties": properties}


def _tasks(packs: Sequence[Pack]) -> Iterator[Task]:
    """Each pack's example tasks, with the first world of all others."""
    for place, pack in enumerate(packs):
        for task in pack.tasks:
            worlds = [next(iter(other.worlds)) for other in packs]
            worlds[place] = task.world
            yield Task(world=JOINING_SIGN.join(worlds), ask=task.ask, calls=task.calls)
