"""A reader of the event stream that writes each event as one line of JSON."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import TextIO

import structlog

from engine.events import Event, EventReader

__all__ = ["log_events"]


def log_events(file: TextIO) -> EventReader:
    """Give a reader to subscribe; it writes to ``file``, which the caller opens and closes.

    A line has ``event`` (the event's name), ``timestamp`` (UTC) and the event's own fields.
    """
    log = structlog.wrap_logger(
        structlog.WriteLogger(file),
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
    )

    def read(event: Event) -> None:
        log.info(_name(event), **_fields(event))

    return read


def _name(event: Event) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(event).__name__).lower()


def _fields(value: object) -> dict[str, object]:
    assert is_dataclass(value)
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: object) -> object:
    return _fields(value) if is_dataclass(value) else value
