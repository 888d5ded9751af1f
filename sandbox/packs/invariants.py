"""Laws that a pack declares about itself, as they stand in ``pack.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["FIELDS_OF_KIND", "Invariant", "InvariantKind"]

InvariantKind = Literal["conserved", "non_negative", "idempotent", "once", "read_after_write"]

# The fields that each kind needs, and those that it may have.
FIELDS_OF_KIND: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "conserved": (frozenset({"sum"}), frozenset()),
    "non_negative": (frozenset({"paths"}), frozenset()),
    "idempotent": (frozenset({"tools"}), frozenset()),
    "once": (frozenset({"tools"}), frozenset()),
    "read_after_write": (frozenset({"tools", "read", "shows"}), frozenset({"arguments"})),
}


class Invariant(BaseModel):
    """A law that holds after every call (the first two kinds), or between a call and the next one.

    ``conserved``: the total over ``sum`` stays the same.  ``non_negative``: ``paths`` never go below zero.
    ``idempotent``: one of ``tools``, called again with the same arguments straight after it succeeded,
    succeeds and changes nothing.  ``once``: it fails then.  ``read_after_write``: the tool ``read``, called
    with ``arguments`` straight after one of ``tools`` succeeded, succeeds and ``shows`` what was written.
    The values of both mappings are paths that start with ``arguments.`` or ``result.`` (of the write).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: InvariantKind
    sum: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    read: str | None = None
    arguments: Mapping[str, str] = {}
    shows: Mapping[str, str] = {}
