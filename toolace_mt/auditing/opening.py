"""Opens whatever ``--env`` names: a tool pack, the packs that the records name, or a Python environment."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from sandbox import environment_source
from toolace_mt.auditing.environment import Environment

__all__ = ["open_environment"]


def open_environment(
    name: str, *, required: str = "strong", workers: int = 1
) -> AbstractAsyncContextManager[Environment]:
    """Open an environment by name.

    ``python:MODULE:FACTORY`` and ``bfcl`` are trusted environments, ``auto`` is the shipped packs, anything
    else a pack's name or folder; one that is not shipped runs only with the ``required`` isolation.  Entering
    raises EnvironmentUnusableError.
    """
    if environment_source(name) is not None:
        from toolace_mt.auditing.trusted import open_trusted_environment

        return open_trusted_environment(name, workers=workers)
    from toolace_mt.auditing.packs import open_packs  # brings pydantic, as packs are read with it

    return open_packs(name, required=required, workers=workers)
