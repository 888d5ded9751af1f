"""What executing the calls shows: failures (TA5) and differences from the record (TA6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import assert_never

from sandbox import Fault, FaultKind, Outcome, Returned
from toolace_mt.checks.compare import Agreement, compare_results, written_alike
from toolace_mt.checks.observations import (
    CallSite,
    Pairing,
    RecordedError,
    pair_results,
    recorded_error,
)
from toolace_mt.findings import Finding
from toolace_mt.transcript import JsonValue, Message, Transcript

__all__ = ["check_execution"]

_SHOWN = 60
_FAULT_RULES = {
    FaultKind.UNKNOWN_TOOL: "TA501",
    FaultKind.INVALID_ARGUMENTS: "TA501",
    FaultKind.TOOL_ERROR: "TA501",
    FaultKind.UNDECLARED_ERROR: "TA502",
    FaultKind.INVALID_RESULT: "TA502",
    FaultKind.CRASH: "TA502",
    FaultKind.FORBIDDEN: "TA502",
    FaultKind.BUDGET: "TA503",
    FaultKind.TIMEOUT: "TA503",
    FaultKind.MEMORY: "TA503",
}
_AGREEMENT_RULES = {
    Agreement.DIFFERENT: ("TA601", "the executed result differs"),
    Agreement.ORDER: ("TA602", "the executed result has another order"),
    Agreement.KEYS: ("TA601", "the executed result has other keys, and else the same"),
    Agreement.IDENTIFIERS: ("TA603", "the executed result has other identifiers"),
}


def check_execution(
    transcript: Transcript,
    outcomes: Sequence[Outcome],
    final_digest: str | None = None,
    *,
    changed_by_reads: Collection[int] = (),
    changes: str = "",
    pairing: Pairing | None = None,
) -> tuple[Finding, ...]:
    """Compare a record with what its calls did, one outcome per parsable call in order.

    ``final_digest`` is the executed final state's, compared if the record has one; ``changes`` are words for
    what the calls did to the state.  ``changed_by_reads``
    are the indexes (among the outcomes) of calls of read-only tools that changed the state.  ``pairing`` is
    the transcript's, if it is known already.
    """
    pairing = pair_results(transcript) if pairing is None else pairing
    sites = tuple([site for site in pairing.sites if site.call.arguments is not None])
    if len(outcomes) != len(sites):
        raise ValueError(
            f"{len(outcomes)} outcomes for {len(sites)} calls; give one for each call with arguments"
        )
    return (
        *_findings(transcript, sites, pairing, outcomes, changed_by_reads),
        *_check_final_state(transcript.setting.final_state_digest, final_digest, changes),
    )


def _findings(
    transcript: Transcript,
    sites: tuple[CallSite, ...],
    pairing: Pairing,
    outcomes: Sequence[Outcome],
    changed_by_reads: Collection[int],
) -> Iterator[Finding]:
    for number, (site, outcome) in enumerate(zip(sites, outcomes, strict=True)):
        answer = _answer(site, pairing, transcript)
        if not _returned_as_recorded(outcome, answer):
            yield from _check_call(site, outcome, answer)
        if number in changed_by_reads:
            yield Finding(
                rule="TA605",
                message=f"{site.call.name} is declared as reading and changed the state",
                turn=site.turn,
                call=site.number,
            )


def _check_final_state(recorded: str | None, executed: str | None, changes: str) -> Iterator[Finding]:
    if recorded is not None and executed is not None and recorded != executed:
        message = f"the final state is {executed}, the record says {recorded}"
        told = f"{message}; the calls changed {changes}" if changes else message
        yield Finding(rule="TA604", message=told)


def _answer(site: CallSite, pairing: Pairing, transcript: Transcript) -> Message | None:
    turn = pairing.answers.get(site.where)
    return None if turn is None else transcript.messages[turn]


def _returned_as_recorded(outcome: Outcome, answer: Message | None) -> bool:
    """Settle the common case before anything dearer is asked."""
    return type(outcome) is Returned and (answer is None or written_alike(answer.value, outcome.value))


def _check_call(site: CallSite, outcome: Outcome, answer: Message | None) -> Iterator[Finding]:
    failure = None if answer is None else recorded_error(answer.value)
    match outcome:
        case Returned(value):
            if answer is not None:
                yield from _check_value(site, answer.value, value, failed=failure is not None)
        case Fault(kind, code, message):
            yield from _check_fault(
                site, outcome, failure, f"{site.call.name}: {kind.value} {code}: {message}"
            )
        case _:
            assert_never(outcome)


def _check_value(
    site: CallSite, recorded: JsonValue, executed: JsonValue, *, failed: bool
) -> Iterator[Finding]:
    difference = compare_results(recorded, executed)
    if difference.agreement is Agreement.EQUAL:
        return
    rule, words = (
        ("TA601", "the record says that it failed") if failed else _AGREEMENT_RULES[difference.agreement]
    )
    both = f"recorded {_show(difference.recorded)}, executed {_show(difference.executed)}"
    yield Finding(
        rule=rule,
        message=f"{site.call.name}: {words}: {both}",
        turn=site.turn,
        call=site.number,
        path=difference.path,
    )


def _check_fault(
    site: CallSite, fault: Fault, recorded: RecordedError | None, words: str
) -> Iterator[Finding]:
    own_fault = _FAULT_RULES[fault.kind] != "TA501"
    if recorded is None or (own_fault and recorded.kind is None):
        yield Finding(rule=_FAULT_RULES[fault.kind], message=words[:200], turn=site.turn, call=site.number)
    elif not _same_failure(recorded, fault):
        told = f"{recorded.kind or 'error'} {recorded.code or ''}".rstrip()
        yield Finding(
            rule="TA601",
            message=f"{words[:140]}; the record has {told}",
            turn=site.turn,
            call=site.number,
            path="$.error",
        )


def _same_failure(recorded: RecordedError, fault: Fault) -> bool:
    """Records that name no kind or code agree with any failure: there is nothing to compare."""
    return recorded.kind in (None, fault.kind.value) and recorded.code in (None, fault.code)


def _show(value: JsonValue) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
