"""Reads the corpus of hostile inputs in ``fixtures/hostile`` (see its README for the notation)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Attack", "attacks", "code_attacks", "everything", "source_of"]

HOSTILE = Path(__file__).parents[3] / "fixtures" / "hostile"
REPEATED = re.compile(r"<<(.+?)\*(\d+)>>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One hostile input.  ``tries`` says what it is after."""

    kind: str
    name: str
    tries: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def attacks(kind: str) -> tuple[Attack, ...]:
    """Give the attacks of one kind: the name of a file of the corpus, without its ending."""
    return tuple(_sections(HOSTILE / f"{kind}.txt", kind))


def code_attacks() -> tuple[Attack, ...]:
    """Give all hostile tool code."""
    return tuple(
        attack for path in sorted((HOSTILE / "code").glob("*.txt")) for attack in _sections(path, path.stem)
    )


def everything() -> tuple[Attack, ...]:
    """Give the whole corpus."""
    others = sorted(path.stem for path in HOSTILE.glob("*.txt"))
    return (*code_attacks(), *(attack for kind in others for attack in attacks(kind)))


def source_of(attack: Attack) -> str:
    """Write hostile code out as a ``tools.py``; a bare body becomes the body of ``tool``."""
    if re.search(r"^ *((async )?def |class )", attack.text, re.MULTILINE) and "def tool" in attack.text:
        return attack.text
    return "def tool(state, ctx, x=1):\n" + textwrap.indent(attack.text, "    ", lambda _: True)


def _sections(path: Path, kind: str) -> Iterator[Attack]:
    for section in path.read_text(encoding="utf-8").removeprefix("=== ").split("\n=== "):
        head, _, text = section.partition("\n")
        name, _, tries = head.partition(": ")
        yield Attack(kind=kind, name=name, tries=tries, text=REPEATED.sub(_repeated, text))


def _repeated(found: re.Match[str]) -> str:
    text, times = found[1], int(found[2])
    return (text.encode().decode("unicode_escape") if text.startswith("\\") else text) * times
