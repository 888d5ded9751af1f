"""What an audit did not check, and why, in words."""

from __future__ import annotations

from collections.abc import Iterator

from toolace_mt.auditing.gaps import Gap
from toolace_mt.auditing.report import AuditReport

__all__ = ["not_checked", "not_checked_by_level"]

_CALL_GAPS = (
    (Gap.NO_TOOLS, "declared", "not looked up: the record declares no tools"),
    (Gap.NO_SCHEMA, "valid", "with arguments that no usable schema describes"),
    (Gap.UNSURE, "grounded", "with a value whose source is likely, not certain"),
    (Gap.UNTRACED, "grounded", "whose values were not traced: none of TA401 to TA404 is chosen"),
    (Gap.NO_RESULT, "replayed", "without a recorded result"),
)
_EXPERT_GAPS = (
    (Gap.EXPERT_UNSURE, "expert verdict", "without a majority"),
    (Gap.EXPERT_UNFIT, "dialogue", "not shown to the experts: too long, or an answer key"),
    (Gap.EXPERT_UNPAID, "dialogue", "not shown to the experts: the budget is spent"),
)
_RULES_NAMED = 4


def not_checked(report: AuditReport) -> tuple[str, ...]:
    """Give one short line for each thing that was not checked."""
    return tuple(words for _, words in not_checked_by_level(report))


def not_checked_by_level(report: AuditReport) -> Iterator[tuple[str | None, str]]:
    """Give the same lines with the level (see ``LEVELS``) that calls did not reach because of it."""
    if report.interrupted:
        yield None, "the records after the interruption"
    if count := report.gaps.get(Gap.NO_RECORDS):
        yield None, f"{_counted(count, 'file')} without any record"
    for gap, level, reason in _CALL_GAPS:
        if count := report.gaps.get(gap):
            yield level, f"{_counted(count, 'call')} {reason}"
    if report.calls:
        yield from _execution(report)
    static = [code for code in report.rules_off if not code.startswith("TA8")]
    if static:
        yield None, f"{_counted(len(static), 'rule')} switched off: {_listed(static)}"
    for gap, thing, reason in _EXPERT_GAPS:
        if count := report.gaps.get(gap):
            yield None, f"{_counted(count, thing)} {reason}"
    if report.dialogues and report.experts is None:
        yield None, "meaning and style: no --model given, so no expert was asked"


def _execution(report: AuditReport) -> Iterator[tuple[str, str]]:
    if report.environment is None:
        yield "replayed", "nothing was executed: no --env given"
        return
    if count := report.gaps.get(Gap.NOT_RUN):
        yield "replayed", f"{_counted(count, 'dialogue')} not executed in {report.environment}"
    if count := report.gaps.get(Gap.DRAWN):
        yield "replayed", f"{_counted(count, 'call')} given an identifier for which the tool drew another"
    if count := report.gaps.get(Gap.DRAWN_STATE):
        yield "executed", f"the final state of {_counted(count, 'dialogue')}: tools drew other identifiers"
    if count := report.gaps.get(Gap.NO_STATE):
        yield "executed", f"the state after {_counted(count, 'call')}: none is recorded"


def _listed(codes: list[str]) -> str:
    more = len(codes) - _RULES_NAMED
    return ", ".join(codes[:_RULES_NAMED]) + (f" and {more} more" if more > 0 else "")


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
