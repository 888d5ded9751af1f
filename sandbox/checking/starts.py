"""Where call sequences start: the pack's worlds, now and then with little left of what they count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.errors import SandboxError
from sandbox.packs.reading import Pack
from sandbox.reports import CounterExample
from sandbox.schema import Validator
from sandbox.state.values import Chooser
from sandbox.types import JsonObject, JsonValue, Snapshot

__all__ = ["changed", "scarce_changes", "start_of"]

SCARCE = 2


def start_of(pack: Pack, example: CounterExample) -> Snapshot:
    """Give the world in which an example's calls begin."""
    state = pack.world(example.world)
    return Snapshot(world=example.world, state=changed(state, example.changes) if example.changes else state)


def changed(state: JsonObject, changes: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Give the state with other values at some dotted paths, and share the rest.

    Raises ``SandboxError`` for a path that leads to nothing; it leads through objects only.
    """
    result: dict[str, Any] = dict(state)
    for path, value in changes.items():
        *steps, last = path.split(".")
        part: dict[str, Any] = result
        for step in steps:
            inner = part.get(step)
            part[step] = dict(inner) if isinstance(inner, Mapping) else {}
            part = part[step]
        if last not in part:
            raise SandboxError(f"the world has nothing at {path}; write a path such as orders.O1.status")
        part[last] = value
    return result


def scarce_changes(
    pack: Pack, world: str, state_schema: Validator, chooser: Chooser
) -> Mapping[str, JsonValue]:
    """Draw changes that leave 0 to 2 of something that must never go below zero; mostly none.

    What the pack declares as ``non_negative`` may run out by its own word.  One kind of thing at a time: with
    neither seats nor money nothing would get far.
    """
    laws = [path for invariant in pack.invariants for path in invariant.paths]
    if not laws or chooser.integer(0, 2):
        return {}
    state = pack.world(world)
    paths = list(_concrete(state, laws[chooser.integer(0, len(laws) - 1)], ""))
    drawn = {path: chooser.integer(0, SCARCE) for path in paths if chooser.integer(0, 1)}
    return drawn if state_schema.fits(changed(state, drawn)) else {}


def _concrete(value: Any, path: str, above: str) -> Iterator[str]:
    """Write out the stars of a path; rows whose key is no plain name are left out."""
    step, _, rest = path.partition(".")
    if not path:
        if isinstance(value, int) and value > SCARCE:
            yield above
    elif isinstance(value, Mapping):
        for key in sorted(value) if step == "*" else (step,):
            if key in value and "." not in key:
                yield from _concrete(value[key], rest, f"{above}.{key}" if above else key)
