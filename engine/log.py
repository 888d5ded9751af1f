"""A reader of the event stream that writes each event as one line of JSON."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TextIO

import structlog

from engine.canonical import canonical_json
from engine.events import Event, EventReader

__all__ = ["log_events"]


def log_events(file: TextIO) -> EventReader:
    """Give a reader to subscribe; it writes to ``file``, which the caller opens, flushes and closes.

    A line has ``event`` (the event's name), ``timestamp`` (UTC) and the event's own fields.
    """
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    names = _FieldNames()

    def read(event: Event) -> None:
        # The processor alone: a bound logger's way to it takes as long again, for each reply.
        fields = {name: getattr(event, name) for name in names[type(event)]}
        line = stamp(None, "info", {"event": _name(type(event).__name__), **fields})
        file.write(canonical_json(line).decode() + "\n")

    return read


@cache
def _name(kind: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


class _FieldNames(dict[type, tuple[str, ...]]):
    """The names of each dataclass's fields: asking ``dataclasses`` takes longer than writing the line."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        self[kind] = names = tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
        return names
