"""What a run cost and gave, as ``ledger.json`` has it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from engine import Journal, JournalReader, Price, Usage
from toolace_mt.store import verdicts_of
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
    """Count a run.  Dollars are null when the model's price is not known."""
    statuses: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for status, rule in verdicts_of(journal, wanted):
        statuses[status] += 1
        if rule is not None:
            rules[rule] += 1
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
        **whole,
        "wall_seconds": round(wall_seconds, 3),
        "stages": stages,
        "per_accepted": {
            key: None if not kept or value is None else round(value / kept, 6)
            for key, value in {**whole, "wall_seconds": wall_seconds}.items()
        },
    }


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
