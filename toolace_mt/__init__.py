"""Multi-turn tool-calling dialogues: made, checked and explained.

The same three jobs as on the command line: ``generate(config)``, ``audit(paths, environment=...)`` and, for
files of any dialect, ``read(path)``.  Tools are tried with ``sandbox.open_pack``.  Each name is imported when
it is first used, so that ``import toolace_mt`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from toolace_mt.auditing import AuditReport, audit, audit_async
    from toolace_mt.config import GenerateConfig
    from toolace_mt.formats import read
    from toolace_mt.generation import Run, generate, generate_async

__version__ = "0.1.0"

__all__ = [
    "AuditReport",
    "GenerateConfig",
    "Run",
    "__version__",
    "audit",
    "audit_async",
    "generate",
    "generate_async",
    "read",
]

_HOMES: Final = {
    "AuditReport": "auditing",
    "GenerateConfig": "config",
    "Run": "generation",
    "audit": "auditing",
    "audit_async": "auditing",
    "generate": "generation",
    "generate_async": "generation",
    "read": "formats",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
