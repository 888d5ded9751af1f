"""Who may run here: shipped packs anywhere, a stranger's only where workers are confined strongly enough."""

from __future__ import annotations

from sandbox.errors import IsolationError
from sandbox.isolation import Isolation, IsolationLevel
from sandbox.packs.pins import pinned_digests
from sandbox.packs.reading import Pack

__all__ = ["admit"]


def admit(pack: Pack, isolation: Isolation, required: IsolationLevel) -> None:
    """Let a pack pass, or raise ``IsolationError`` with the level found, what is missing and the remedy.

    Packs that ship with this program, known by the digest of their content, always pass.
    """
    if isolation.level.at_least(required) or pack.digests <= pinned_digests():
        return
    missing = ", ".join(isolation.missing) or "a measure that holds"
    raise IsolationError(
        f"pack {pack.name} is not one of the shipped packs, and isolation here is only {isolation.level}, "
        f"not {required} (without {missing}): run it on Linux 5.13 or newer on x86-64 or arm64, or accept "
        f"the risk with --isolation {isolation.level}"
    )
