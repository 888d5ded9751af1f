"""What could not be checked in a dialogue, counted: a clean report must not look like more than it is."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from toolace_mt.findings import Finding

__all__ = ["Gap", "static_gaps"]

_PARSED, _DECLARED, _VALID = 1, 2, 3


class Gap(StrEnum):
    """A reason why a call did not get any further; each counts calls but where it says otherwise."""

    NO_TOOLS = "no tools"
    """The record declares no tools."""
    NO_SCHEMA = "no schema"
    """The tool's parameters have no usable schema, so the arguments were not looked at."""
    UNSURE = "unsure"
    """A value of the call has a likely source and no certain one."""
    UNTRACED = "untraced"
    """No rule is chosen that asks where the call's values come from."""
    NO_RESULT = "no result"
    """The record holds no result of the call."""
    NO_STATE = "no state"
    """The call ran as it should, and the record has no final state to compare."""
    DRAWN = "drawn"
    """The call was given an identifier for which the tool drew another one, and did something else."""
    DRAWN_STATE = "drawn state"
    """The final state, which is another, holds identifiers that tools drew (counts dialogues)."""
    NO_RECORDS = "no records"
    """There is nothing in the file (counts files)."""
    NOT_RUN = "not run"
    """The calls of this dialogue were not run (counts dialogues)."""
    EXPERT_UNSURE = "expert unsure"
    """An expert gave no usable answer, or no majority (counts verdicts)."""
    EXPERT_UNFIT = "expert unfit"
    """The dialogue is too long for the experts, or an answer key without answers (counts dialogues)."""
    EXPERT_UNPAID = "expert unpaid"
    """The budget was spent before the experts saw the dialogue (counts dialogues)."""


def static_gaps(
    levels: Sequence[int],
    findings: Sequence[Finding],
    *,
    answered: int,
    declares_tools: bool,
    is_traced: bool,
) -> dict[Gap, int]:
    """Count the gaps of one dialogue by its record alone, from the findings on it, of whatever rules.

    A call with a finding about it was checked, so it is no gap.
    """
    if not levels:
        return {}
    gaps = {Gap.NO_RESULT: len(levels) - answered}
    if not declares_tools:
        gaps[Gap.NO_TOOLS] = levels.count(_PARSED)
    if _DECLARED in levels:
        gaps[Gap.NO_SCHEMA] = levels.count(_DECLARED) - _blamed(findings, "TA3")
    if not is_traced:
        gaps[Gap.UNTRACED] = levels.count(_VALID)
    elif _VALID in levels:
        gaps[Gap.UNSURE] = max(0, levels.count(_VALID) - _blamed(findings, "TA4"))
    return {gap: calls for gap, calls in gaps.items() if calls > 0}


def _blamed(findings: Sequence[Finding], family: str) -> int:
    """Count the calls with a finding of the family; what is found in words (TA405) is about no call."""
    blamed = {
        (found.turn, found.call)
        for found in findings
        if found.call is not None and found.rule.startswith(family)
    }
    return len(blamed)
