"""Names a place in a JSON value."""

from __future__ import annotations

__all__ = ["json_path"]


def json_path(steps: list[str | int] | tuple[str | int, ...]) -> str:
    """Write keys and indices as a JSON path: ``$.items[0].id``."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
