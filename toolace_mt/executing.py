"""How the stages execute calls: one narrow function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sandbox import Execution, Trajectory

__all__ = ["Run"]

Run = Callable[[Trajectory], Awaitable[Execution]]
