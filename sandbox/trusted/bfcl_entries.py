"""The multi-turn entries of BFCL as the ``bfcl-eval`` package holds them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

import orjson

__all__ = ["CATEGORIES", "data_lines", "published"]

CATEGORIES = ("multi_turn_base", "multi_turn_miss_func", "multi_turn_miss_param", "multi_turn_long_context")


@cache
def published() -> dict[str, bytes]:
    """Give all entries by id, as they are written."""
    lines = (line for category in CATEGORIES for line in data_lines(f"BFCL_v4_{category}.json"))
    return {orjson.loads(line)["id"]: line for line in lines}


def data_lines(name: str) -> list[bytes]:
    """Give the lines of one of its data files.  Raises ``ModuleNotFoundError`` if it is not installed."""
    (folder,) = import_module("bfcl_eval").__path__
    path = Path(folder) / "data" / name
    return [line for line in path.read_bytes().splitlines() if line.strip()]
