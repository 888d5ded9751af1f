"""A reader of the event stream that writes each event as one line of JSON."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TextIO

import structlog

from engine.chat.digest import canonical_json
from engine.events import Event, EventReader

__all__ = ["log_events"]


def log_events(file: TextIO) -> EventReader:
    """Give a reader to subscribe; it writes to ``file``, which the caller opens, flushes and closes.

    A line has ``event`` (the event's name), ``timestamp`` (UTC) and the event's own fields.
    """
    log = structlog.wrap_logger(
        _Lines(file),
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_json),
        ],
    ).bind()  # else every call would bind anew

    def read(event: Event) -> None:
        log.info(_name(type(event).__name__), **_fields(event))

    return read


class _Lines:
    """A logger of lines that leaves it to the file when they reach the disk: structlog's own flush each."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def info(self, line: str) -> None:
        self._file.write(line + "\n")


@cache
def _name(kind: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def _fields(value: object) -> dict[str, object]:
    assert is_dataclass(value)
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: object) -> object:
    return _fields(value) if is_dataclass(value) else value


def _json(line: object, **_: object) -> str:
    return canonical_json(line).decode()
