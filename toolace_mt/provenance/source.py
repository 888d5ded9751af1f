"""Where an argument's value comes from, as a value."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from toolace_mt.json_path import Leaf

__all__ = ["Site", "Source", "SourceKind", "Trace"]


class SourceKind(StrEnum):
    USER = "user"
    SYSTEM = "system"
    OBSERVATION = "observation"
    ASSISTANT = "assistant"
    """Said by the assistant and followed by a user turn, so that the user could agree."""
    DEFAULT = "default"
    TOOL = "tool"
    """Named in the words of the tool's own declaration: a meaning ("'2' is ironing") or an example."""
    ENUM = "enum"
    CONSTANT = "constant"
    """A value that carries next to no information: a boolean, null, nothing, 0 or 1."""
    HIDDEN = "hidden"
    """Only in state that the data holds and nobody in the dialogue has shown."""
    UNRECORDED = "unrecorded"
    """Perhaps from the result of an earlier call, which the data does not record."""
    DERIVED = "derived"
    """Computed from earlier values: a sum, a shifted date, another unit, joined parts."""


class Source(NamedTuple):
    """One source; a tuple, for one is made for every value.

    ``turn`` is the message it stands in (None for the schema), ``path`` a JSON path inside that message's
    result, ``how`` the way from the source to the value.  ``certain`` is False where the source is plausible
    and was not shown, such as "next Friday" for a date.
    """

    kind: SourceKind
    how: str
    turn: int | None = None
    path: str | None = None
    certain: bool = True


class Site(NamedTuple):
    """The place of one argument value: the message, the call in it, and the path inside the arguments."""

    turn: int
    call: int
    path: str


class Trace(Mapping[Site, Source | None]):
    """The source of each value by its site (a plain tuple will do as a key), in the order of the dialogue."""

    __slots__ = ("_leaves", "_sources", "_values")

    def __init__(self, sources: Mapping[Site, Source | None], leaves: Sequence[Leaf]) -> None:
        """Take the sources and, in their order, the values."""
        self._sources = sources
        self._leaves = leaves
        self._values: Mapping[Site, Leaf] | None = None  # made when asked for: of most dialogues nobody does

    def __getitem__(self, site: Site | tuple[int, int, str]) -> Source | None:
        return self._sources[Site(*site)]

    def __iter__(self) -> Iterator[Site]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def items(self) -> ItemsView[Site, Source | None]:
        """Give sites with sources; the mapping's own way looks each of them up again."""
        return self._sources.items()

    def value(self, site: Site) -> Leaf:
        """Give the argument value that stands at the site."""
        if self._values is None:
            self._values = dict(zip(self._sources, self._leaves, strict=True))
        return self._values[site]

    @property
    def ungrounded(self) -> tuple[Site, ...]:
        """The sites whose values have no source at all."""
        return tuple(site for site, source in self._sources.items() if source is None)
