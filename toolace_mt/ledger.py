"""What a run cost and gave, as ``ledger.json`` has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from engine import Journal, JournalReader, Price, Usage
from toolace_mt.store import Round, verdicts_of
from toolace_mt.whole_files import write_whole

__all__ = ["ledger_of", "write_ledger"]


def ledger_of(
    journal: Journal | JournalReader,
    *,
    wanted: int,
    strategy: str,
    model: str,
    price: Price | None,
    wall_seconds: float,
) -> dict[str, Any]:
    """Count a run.  Dollars are null when the model's price is not known; ``refinement`` is of what was
    accepted."""
    statuses: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    refinement = _Refinement()
    for status, rule, rounds in verdicts_of(journal, wanted):
        statuses[status] += 1
        if rule is not None:
            rules[rule] += 1
        if status == "accepted":
            refinement.add(rounds)
    totals = journal.totals()
    stages = {purpose: _cost(total.requests, total.usage, price) for purpose, total in sorted(totals.items())}
    requests = sum(total.requests for total in totals.values())
    usage = sum((total.usage for total in totals.values()), Usage())
    whole = _cost(requests, usage, price)
    kept = statuses["accepted"]
    return {
        "strategy": strategy,
        "model": model,
        "attempted": statuses.total(),
        "accepted": kept,
        "rejected": dict(sorted(rules.items())),
        "refinement": refinement.as_json(),
        **whole,
        "wall_seconds": round(wall_seconds, 3),
        "stages": stages,
        "per_accepted": {
            key: None if not kept or value is None else round(value / kept, 6)
            for key, value in {**whole, "wall_seconds": wall_seconds}.items()
        },
    }


class _Refinement:
    """How many turns were masked, how many of them got new words, and why fills were refused."""

    def __init__(self) -> None:
        self._masked = self._replaced = 0
        self._refused: Counter[str] = Counter()

    def add(self, rounds: Iterable[Round]) -> None:
        for one in rounds:
            self._masked += len(one.masked)
            self._replaced += len(one.replaced)
            self._refused.update(fill.rule for fill in one.refused)

    def as_json(self) -> dict[str, Any]:
        refused = dict(sorted(self._refused.items()))
        return {"masked": self._masked, "replaced": self._replaced, "refused": refused}


def write_ledger(folder: Path, ledger: dict[str, Any]) -> None:
    """Write ``ledger.json``.  Raises ``OSError``."""
    write_whole(folder / "ledger.json", [orjson.dumps(ledger, option=orjson.OPT_INDENT_2), b"\n"])


def _cost(requests: int, usage: Usage, price: Price | None) -> dict[str, Any]:
    return {
        "requests": requests,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "usd": None if price is None else price.usd(usage),
    }
