"""What is remembered of texts, so that a dialogue's are taken apart once, and when to let go of it."""

from __future__ import annotations

from toolace_mt.provenance.dates import dates_in, times_in
from toolace_mt.provenance.numbers import numbers_in
from toolace_mt.provenance.units import units_in
from toolace_mt.provenance.words import letter_runs, normalised, stems_of

__all__ = ["forget_texts"]


def forget_texts() -> None:
    """Let go of all texts seen so far: they may be long, and the next dialogues bring their own."""
    for remembered in (normalised, letter_runs, stems_of, numbers_in, dates_in, times_in, units_in):
        remembered.cache_clear()
