"""The shipped packs whose code was read, checked and pinned by its content: only these may be trusted.

``pins.lock`` holds a line for each, its name and the digest of its folder (``make pins`` writes it).  A pack
that was changed by a single byte is not among them any more and runs in the confined lane, like anybody's.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["pinned_digests", "read_pins"]

LOCK = Path(__file__).with_name("pins.lock")


def read_pins() -> dict[str, str]:
    """Give the pinned digest of each pack by its name."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return {name: digest for name, _, digest in (line.partition(" ") for line in lines)}


def pinned_digests() -> frozenset[str]:
    """Give the digests of the packs that may run in the trusted lane (see ``open_runtime``)."""
    return frozenset(read_pins().values())
