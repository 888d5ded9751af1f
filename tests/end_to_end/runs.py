"""The run that these tests make again and again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.end_to_end.program import Finished, WatchedServer

__all__ = ["COUNT", "SEED", "Reference", "arguments"]

COUNT: Final = 8
SEED: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An undisturbed run; ``requests`` is how often the model was asked."""

    folder: Path
    finished: Finished
    requests: int


def arguments(server: WatchedServer, out: Path, *, count: int = COUNT, seed: int = SEED) -> list[str]:
    """What makes this run: everything that decides its dialogues."""
    words = {
        "--model": server.url,
        "--model-name": "harmless",
        "--count": count,
        "--seed": seed,
        "--out": out,
    }
    return ["generate", *(str(part) for pair in words.items() for part in pair)]
