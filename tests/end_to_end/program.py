"""The command line as a real process, and what a run of it leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import orjson

from engine.testing import Answer, OpenAIServer
from toolace_mt.testing import answer_harmlessly

__all__ = [
    "DATA_FILES",
    "KEY",
    "Finished",
    "WatchedServer",
    "command",
    "data_of",
    "environment",
    "records_of",
    "run_program",
]

KEY: Final = "sk-loopback-5f1c77e0"
DATA_FILES: Final = ("dialogues.jsonl", "rejected.jsonl", "preferences.jsonl")
_LONGEST_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A process that has ended."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error; fails if there are more or none."""
        (line,) = self.err.splitlines()
        return line


def command(*words: str | Path) -> list[str]:
    return [str(Path(sys.executable).with_name("toolace-mt")), *map(str, words)]


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "OPENAI_API_KEY": KEY, **more}


async def run_program(
    *words: str | Path, folder: Path | None = None, stdin: bytes | None = None, **variables: str
) -> Finished:
    """Run ``toolace-mt`` to its end."""
    with anyio.fail_after(_LONGEST_SECONDS):
        done = await anyio.run_process(
            command(*words), check=False, cwd=folder, env=environment(**variables), input=stdin
        )
    return Finished(status=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


class WatchedServer:
    """A loopback endpoint with the harmless model, that tells when it has been asked so many times."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._target: int | None = None
        self._reached = anyio.Event()
        self.server = OpenAIServer(self._choose, key=KEY)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def requests(self) -> int:
        return len(self.server.asked)

    def _choose(self, asked: Mapping[str, Any], number: int) -> Answer:
        if self._target is not None and number + 1 >= self._target:
            self._reached.set()
        answer = answer_harmlessly(asked, number)
        return Answer(text=answer.text, seconds=self._seconds)

    async def asked_again(self, more: int) -> None:
        """Wait until it has been asked so many times more."""
        self._reached = anyio.Event()
        self._target = self.requests + more
        with anyio.fail_after(_LONGEST_SECONDS):
            await self._reached.wait()


def data_of(run: Path) -> dict[str, bytes]:
    """The three data files of a run."""
    return {name: (run / name).read_bytes() for name in DATA_FILES}


def records_of(run: Path, name: str = "dialogues.jsonl") -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (run / name).read_bytes().splitlines()]
