"""How fast the sandbox executes dialogues."""

from __future__ import annotations

__all__ = ["measure"]


def measure() -> None:
    """Nothing yet."""
