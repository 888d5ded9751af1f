"""``make bench``: speed and memory, as ratios measured side by side in one run.

``python -m tests.bench models`` measures one room only.  Absolute figures depend on the machine and on
what else it does; the ratios do so much less.
"""

from __future__ import annotations

import sys
from importlib import import_module

_ROOMS = ("models", "tools", "pipelines", "audits")


def main(rooms: list[str]) -> None:
    for room in rooms or _ROOMS:
        import_module(f"tests.bench.{room}.study").measure()


if __name__ == "__main__":
    main(sys.argv[1:])
