"""A world while calls are made on it: every table is parsed when a call first needs it, and not before.

A world is its tables as canonical bytes; parsed tables are only there for tools to work on.  Dialogues that
start from the same world share its parsed tables as long as nobody writes to them: a call that may write to a
table gets one of its own, and a table that was written to without leave is parsed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.language.tables import Tables
from sandbox.state.world import canonical, digest_of_tables, encode_tables

__all__ = ["LiveWorld", "Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A world of a pack before any call.  ``parsed`` holds the tables that were needed so far."""

    name: str
    tables: Mapping[str, bytes]
    digest: str
    parsed: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, state: Mapping[str, object]) -> Origin:
        """Write a world's state."""
        tables = encode_tables(state)
        return cls(name, tables, digest_of_tables(tables))

    def table(self, name: str) -> Any:
        """Give a parsed table that nobody may write to."""
        parsed = self.parsed.get(name)
        if parsed is None:
            parsed = self.parsed[name] = orjson.loads(self.tables[name])
        return parsed


@dataclass(slots=True)
class LiveWorld:
    """A world that calls are made on.

    ``tables`` and ``digest`` are those before the present call.  ``state`` is what the call sees, the tables
    that it reaches; ``shared`` names those among them that also belong to others.  ``changed`` names tables
    that are not as they were when the world was opened, or since somebody emptied it.
    """

    origin: Origin
    tables: dict[str, bytes]
    digest: str
    counters: dict[str, int]
    calls_made: int = 0
    state: dict[str, Any] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)

    @classmethod
    def fresh(cls, origin: Origin) -> LiveWorld:
        """Open a world as the pack has it."""
        return cls(origin, dict(origin.tables), origin.digest, {})

    @classmethod
    def resumed(
        cls,
        origin: Origin,
        tables: Mapping[str, object],
        removed: Iterable[str],
        counters: Mapping[str, int],
        calls_made: int,
    ) -> LiveWorld:
        """Open a world as a snapshot has it, given the tables in which it differs from the pack's."""
        written = {**origin.tables, **encode_tables(tables)}
        for name in removed:
            written.pop(name, None)
        written = {name: written[name] for name in sorted(written)}
        return cls(origin, written, digest_of_tables(written), dict(counters), calls_made)

    def open_tables(self, reached: Tables, own: frozenset[str], *, lend: bool = False) -> dict[str, Any]:
        """Have the tables that a call reaches in ``state``; those of ``own`` it may write to.

        With ``lend`` it may write to the very tables that dialogues share, which then no other sees until
        ``settle`` gives back what did not change.
        """
        state, tables, shared, parsed = self.state, self.tables, self.shared, self.origin.parsed
        for name in tables if reached is None else reached:
            if name not in state:
                if name in tables:
                    state[name] = self._opened(name, own, lend=lend)
            elif name in shared:
                if name in own:
                    shared.discard(name)
                    state[name] = self._opened(name, own, lend=lend)
                else:  # another world may have spoilt what we had
                    state[name] = parsed.get(name) or self.origin.table(name)
        if reached is None:  # such a tool may see the order of the tables
            self.state = state = {name: state[name] for name in tables}
        return state

    def _opened(self, name: str, own: frozenset[str], *, lend: bool) -> Any:
        encoded = self.tables[name]
        if encoded is not self.origin.tables.get(name):
            return orjson.loads(encoded)
        if name in own:
            return (self.origin.parsed.pop(name, None) if lend else None) or orjson.loads(encoded)
        self.shared.add(name)
        return self.origin.parsed.get(name) or self.origin.table(name)

    def settle(self, own: frozenset[str], *, attached: bool) -> None:
        """Make the world's what a call wrote to its own tables.

        A table stays parsed if it is as it would be when parsed anew: its keys in order and, unless
        something was ``attached`` to it, no part of it in two places.
        """
        state, tables, origin = self.state, self.tables, self.origin
        written: dict[str, bytes] = {}
        changed = []
        for name in own:
            before = tables.get(name)
            if name not in state:
                if before is not None:
                    changed.append(name)
                continue
            plain = orjson.dumps(state[name])
            if plain != before:
                written[name] = table = canonical(state[name])
                if table != before:
                    changed.append(name)
                if attached or table != plain:
                    del state[name]
            elif attached:
                del state[name]
            elif before is origin.tables.get(name):
                origin.parsed[name] = state[name]
                self.shared.add(name)
        if changed:
            self.commit(written, changed)

    def forget(self, names: Iterable[str]) -> None:
        """Drop parsed tables that a call may have spoilt; they are parsed anew when they are needed."""
        for name in list(names):
            self.state.pop(name, None)
            if name in self.shared:
                self.shared.discard(name)
                self.origin.parsed.pop(name, None)

    def commit(self, written: Mapping[str, bytes], changed: Iterable[str]) -> None:
        """Make changed tables the world's; those that are not among ``written`` are gone."""
        grown = False
        for name in changed:
            if name in written:
                grown = grown or name not in self.tables
                self.tables[name] = written[name]
            else:
                del self.tables[name]
            self.changed.add(name)
        if grown:
            self.tables = {name: self.tables[name] for name in sorted(self.tables)}
        self.digest = digest_of_tables(self.tables)

    def changes(self) -> tuple[dict[str, Any], list[str]]:
        """Give the tables that changed since this was last asked, written, and the names of those gone."""
        there = {name: orjson.Fragment(self.tables[name]) for name in self.changed if name in self.tables}
        gone = [name for name in self.changed if name not in self.tables]
        self.changed = set()
        return there, gone
