"""The mark that a simulated model leaves on everything that was made with it."""

from __future__ import annotations

from dataclasses import replace

from toolace_mt.outcome import Outcome

__all__ = ["labelled"]


def labelled(outcome: Outcome, model: str) -> Outcome:
    """The outcome with the simulated model's name in each line that files will have of it."""
    metadata = {**outcome.record["metadata"], "simulated": model}
    return replace(
        outcome,
        record={**outcome.record, "metadata": metadata},
        preferences=tuple({**preference, "simulated": model} for preference in outcome.preferences),
    )
