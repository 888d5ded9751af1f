"""Chance that depends on nothing but a seed and what the draw is for."""

from __future__ import annotations

import random
from hashlib import blake2b

__all__ = ["derived_seed", "source_of_chance"]


def derived_seed(seed: int, *purpose: str | int) -> int:
    """A 63-bit number for ``purpose`` under ``seed``; equal inputs give equal numbers on every machine."""
    text = "\x1f".join([str(seed), *map(str, purpose)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 1


def source_of_chance(seed: int, *purpose: str | int) -> random.Random:
    """A generator of its own for ``purpose``, so that draws for one thing never shift those for another."""
    return random.Random(derived_seed(seed, *purpose))
