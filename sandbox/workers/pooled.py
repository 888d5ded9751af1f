"""What a pool knows of a pack, of a worker, and of who has that worker next."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio

__all__ = ["Follower", "LoadedPack", "PooledWorker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPack:
    """What workers must be told of a pack: ``sources`` those that compile its parts, ``load`` those that run
    it."""

    name: str
    digest: str
    sources: tuple[bytes, ...]
    load: Mapping[str, Any]


@dataclass(slots=True, kw_only=True, eq=False)
class Follower:
    """Who has the worker next: the request is sent while the worker still works on the one before."""

    sent_whole: bool
    turn: anyio.Event = field(default_factory=anyio.Event)
    granted: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class PooledWorker:
    """A worker process, and how far who has it has come."""

    pid: int
    channel: socket.socket
    loaded: set[str] = field(default_factory=set)
    next: Follower | None = None
    open_to_next: bool = False  # the last request of who has it now was sent whole
    spoiled: bool = False  # nobody waits for an answer that it will give, or it gave a wrong one
