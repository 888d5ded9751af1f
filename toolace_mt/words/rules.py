"""Whether a rewording may take a coarse turn's place: it must say the same, in the right role, and no more.

Small models lose values, invent details and slip out of their role.  Each rule is a plain function of the
text, so a refused fill is refused for the same reason on every run; the name of the first broken rule is kept
in the dialogue's history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from toolace_mt.words import manner, meaning
from toolace_mt.words.context import FillContext

__all__ = ["first_breach"]

_Rule = Callable[[str, FillContext], bool]

_RULES: Final[tuple[tuple[str, _Rule], ...]] = (
    ("malformed", manner.well_formed),
    ("length", manner.right_length),
    ("lost-fact", meaning.keeps_facts),
    ("padding", manner.adds_no_sentence),
    ("new-figure", meaning.adds_no_figures),
    ("leak", manner.leaks_nothing),
    ("role", manner.in_role),
    ("mood", manner.keeps_mood),
    ("polarity", meaning.keeps_polarity),
    ("invented", meaning.adds_no_content),
    ("lost-content", meaning.keeps_content),
    ("lost-article", manner.keeps_articles),
    ("stutter", manner.does_not_stutter),
    ("repeats-a-turn", manner.repeats_no_turn),
)
_CLOSE_ONLY: Final = frozenset(
    {"length", "padding", "invented", "lost-content", "lost-article", "stutter", "polarity"}
)


def first_breach(text: str, context: FillContext) -> str | None:
    """The name of the first rule that ``text`` breaks, or None."""
    for name, keeps in _RULES:
        if context.strictness == "free" and name in _CLOSE_ONLY:
            continue
        if not keeps(text, context):
            return name
    return None
