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
from sandbox.state.world import digest_of_entries, encode_tables, written_entry

__all__ = ["LiveWorld", "Origin"]


_SORTED = orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class Origin:
    """A world of a pack before any call.

    ``entries`` are its tables as they stand in the state that is digested, ``parsed`` holds the tables that
    were needed so far.
    """

    name: str
    tables: Mapping[str, bytes]
    entries: Mapping[str, bytes]
    digest: str
    parsed: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, state: Mapping[str, object]) -> Origin:
        """Write a world's state."""
        tables = encode_tables(state)
        entries = _entries(tables)
        return cls(name, tables, entries, digest_of_entries(entries))

    def table(self, name: str) -> Any:
        """Give a parsed table that nobody may write to."""
        parsed = self.parsed.get(name)
        if parsed is None:
            parsed = self.parsed[name] = orjson.loads(self.tables[name])
        return parsed


@dataclass(slots=True)
class LiveWorld:
    """A world that calls are made on.

    ``tables``, ``entries`` and ``digest`` are those before the present call.  ``state`` is what the call
    sees, the tables that it reaches; ``shared`` names those among them that also belong to others.
    ``changed`` names tables that are not as they were when the world was opened, or since somebody emptied
    it.
    """

    origin: Origin
    tables: dict[str, bytes]
    entries: dict[str, bytes]
    digest: str
    counters: dict[str, int]
    calls_made: int = 0
    state: dict[str, Any] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)

    @classmethod
    def fresh(cls, origin: Origin) -> LiveWorld:
        """Open a world as the pack has it."""
        return cls(origin, dict(origin.tables), dict(origin.entries), origin.digest, {})

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
        entries = _entries(written)
        return cls(origin, written, entries, digest_of_entries(entries), dict(counters), calls_made)

    def open_tables(self, reached: Tables, own: frozenset[str]) -> dict[str, Any]:
        """Have the tables that a call reaches in ``state``; those of ``own`` it may write to.

        It may even write to the very tables that dialogues share: no other sees them until they are given
        back, unchanged (see ``settle`` and ``give_back``).
        """
        state, tables, shared, parsed = self.state, self.tables, self.shared, self.origin.parsed
        for name in tables if reached is None else reached:
            if name in shared:
                if name not in own:  # another world may have spoilt what we had
                    state[name] = parsed.get(name) or self.origin.table(name)
                    continue
                shared.discard(name)
            elif name in state:
                continue
            encoded = tables.get(name)
            if encoded is None:
                continue
            if encoded is not self.origin.tables.get(name):
                state[name] = orjson.loads(encoded)
            elif name in own:
                state[name] = parsed.pop(name, None) or orjson.loads(encoded)
            else:
                shared.add(name)
                state[name] = parsed.get(name) or self.origin.table(name)
        if reached is None:  # such a tool may see the order of the tables
            self.state = state = {name: state[name] for name in tables}
        return state

    def settle(self, own: frozenset[str], *, attached: bool) -> None:
        """Make the world's what a call wrote to its own tables.

        A table stays parsed if it is as it would be when parsed anew: its keys in order and, unless
        something was ``attached`` to it, no part of it in two places.
        """
        state, tables = self.state, self.tables
        changed: dict[str, bytes | None] = {}
        for name in own:
            before = tables.get(name)
            if name not in state:
                if before is not None:
                    changed[name] = None
                continue
            plain = orjson.dumps(state[name])
            if plain != before:
                table = orjson.dumps(state[name], None, _SORTED)
                if table != before:
                    changed[name] = table
                if attached or table != plain:
                    del state[name]
            elif attached:
                del state[name]
            else:
                self.give_back((name,))
        if changed:
            self.commit(changed)

    def give_back(self, names: Iterable[str]) -> None:
        """Share tables again that a call could have written to and did not."""
        origin, state = self.origin, self.state
        for name in names:
            if name in state and self.tables.get(name) is origin.tables.get(name):
                origin.parsed[name] = state[name]
                self.shared.add(name)

    def forget(self, names: Iterable[str]) -> None:
        """Drop parsed tables that a call may have spoilt; they are parsed anew when they are needed."""
        for name in list(names):
            self.state.pop(name, None)
            if name in self.shared:
                self.shared.discard(name)
                self.origin.parsed.pop(name, None)

    def commit(self, changed: Mapping[str, bytes | None]) -> None:
        """Make changed tables the world's; None stands for one that is gone."""
        tables, entries = self.tables, self.entries
        grown = False
        for name, table in changed.items():
            if table is None:
                del tables[name], entries[name]
                continue
            grown = grown or name not in tables
            tables[name] = table
            entries[name] = written_entry(name, table)
        if grown:
            self.tables = {name: tables[name] for name in sorted(tables)}
            self.entries = {name: entries[name] for name in self.tables}
        self.changed.update(changed)
        self.digest = digest_of_entries(self.entries)

    def changes(self) -> tuple[dict[str, Any], list[str]]:
        """Give the tables that changed since this was last asked, written, and the names of those gone."""
        there = {name: orjson.Fragment(self.tables[name]) for name in self.changed if name in self.tables}
        gone = [name for name in self.changed if name not in self.tables]
        self.changed = set()
        return there, gone


def _entries(tables: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: written_entry(name, table) for name, table in tables.items()}
