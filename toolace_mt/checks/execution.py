"""What executing the calls shows: failures (TA5) and differences from the record (TA6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

import orjson

from sandbox import Fault, FaultKind, Outcome, Outcomes, Returned
from toolace_mt.checks.compare import Absent, Agreement, compare_results, written_alike
from toolace_mt.checks.failures import FailureAgreement, compare_failures
from toolace_mt.checks.identities import settle_identifiers
from toolace_mt.checks.observations import (
    CallSite,
    Pairing,
    RecordedError,
    pair_results,
    recorded_error,
)
from toolace_mt.findings import Finding
from toolace_mt.transcript import JsonValue, Message, Transcript

__all__ = ["Compared", "compare_execution"]

_SHOWN = 60
_COMMON_SHOWN = 20
_DRAWN = "TA603"
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
_FAILURE_RULES = {FailureAgreement.OTHER: "TA601", FailureAgreement.OTHER_WORDS: "TA606"}
_REMEDY = "if that is an answer, declare it: `tool_errors` of a class, `errors` of a pack's tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a comparison found, and what it could not judge since tools drew other identifiers.

    ``unjudged`` are the calls that were given such an identifier (see ``settle_identifiers``);
    ``state_unjudged`` says that the final state, which is another, holds some.
    """

    findings: tuple[Finding, ...]
    unjudged: frozenset[tuple[int, int]] = frozenset()
    state_unjudged: bool = False


def compare_execution(
    transcript: Transcript,
    outcomes: Sequence[Outcome],
    final_digest: str | None = None,
    *,
    changed_by_reads: Collection[int] = (),
    changes: str = "",
    differences: str = "",
    pairing: Pairing | None = None,
) -> Compared:
    """Compare a record with what its calls did, one outcome per parsable call in order.

    ``final_digest`` is the executed final state's, compared if the record has one; ``changes`` are words for
    what the calls did to the state, ``differences`` for how it differs from the recorded one.
    ``changed_by_reads`` are the indexes (among the outcomes) of calls of read-only tools that changed the
    state.  ``pairing`` is the transcript's, if it is known already.
    """
    pairing = pair_results(transcript) if pairing is None else pairing
    sites = tuple([site for site in pairing.sites if site.call.arguments is not None])
    if len(outcomes) != len(sites):
        raise ValueError(
            f"{len(outcomes)} outcomes for {len(sites)} calls; give one for each call with arguments"
        )
    as_recorded = not changed_by_reads and _all_returned_as_recorded(transcript, sites, pairing, outcomes)
    found = () if as_recorded else tuple(_findings(transcript, sites, pairing, outcomes, changed_by_reads))
    recorded = transcript.setting.final_state_digest
    state = tuple(_check_final_state(recorded, final_digest, changes, differences))
    if not any(one.rule == _DRAWN for one in found):
        return Compared(findings=(*found, *state))
    answers = [_answer(site, pairing, transcript) for site in sites]
    settled = settle_identifiers(zip(sites, outcomes, answers, strict=True), found)
    if not any(one.rule == _DRAWN for one in settled.findings):
        return Compared(findings=(*settled.findings, *state), unjudged=settled.unjudged)
    return Compared(findings=settled.findings, unjudged=settled.unjudged, state_unjudged=bool(state))


def _all_returned_as_recorded(
    transcript: Transcript, sites: tuple[CallSite, ...], pairing: Pairing, outcomes: Sequence[Outcome]
) -> bool:
    """Settle the common case at once for all calls: compared together they cost half."""
    answers, messages = pairing.answers, transcript.messages
    answered = [
        (place, messages[answers[site.where]].value)
        for place, site in enumerate(sites)
        if site.where in answers
    ]
    recorded = [value for _, value in answered]
    if isinstance(outcomes, Outcomes):
        if outcomes.faults:
            return False
        if _reads(recorded, [outcomes.results[place] for place, _ in answered]):
            return True
    elif not all(isinstance(outcome, Returned) for outcome in outcomes):
        return False
    executed = [outcomes[place] for place, _ in answered]
    return written_alike(recorded, [one.value for one in executed if isinstance(one, Returned)])


def _reads(values: Sequence[JsonValue], written: Sequence[bytes]) -> bool:
    """Tell whether values would be written just so: then what is written need not be read."""
    try:
        return orjson.dumps(values) == b"[%b]" % b",".join(written)
    except orjson.JSONEncodeError:
        return False


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


def _check_final_state(
    recorded: str | None, executed: str | None, changes: str, differences: str
) -> Iterator[Finding]:
    if recorded is None or executed is None or recorded == executed:
        return
    message = f"the final state is {executed}, the record says {recorded}"
    if differences:
        message = f"recorded -> executed: {differences}"
    yield Finding(rule="TA604", message=f"{message}; the calls changed {changes}" if changes else message)


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
        case Fault():
            yield from _check_fault(site, outcome, failure)
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
    left, right = _from_difference(difference.recorded, difference.executed)
    both = f"recorded {_show(left)}, executed {_show(right)}"
    yield Finding(
        rule=rule,
        message=f"{site.call.name}: {words}: {both}",
        turn=site.turn,
        call=site.number,
        path=difference.path,
    )


def _check_fault(site: CallSite, fault: Fault, recorded: RecordedError | None) -> Iterator[Finding]:
    words = _words(site, fault)
    own = _FAULT_RULES[fault.kind]
    if recorded is None or (own != "TA501" and recorded.kind is None):
        yield Finding(rule=own, message=words[:200], turn=site.turn, call=site.number)
        return
    agreement = compare_failures(recorded, fault)
    if agreement is FailureAgreement.SAME:
        return
    told = f"{recorded.kind or 'error'} {recorded.code or _show(recorded.message)}"
    yield Finding(
        rule=_FAILURE_RULES.get(agreement, "TA501"),
        message=f"{words[:140]}; the record has {told}",
        turn=site.turn,
        call=site.number,
        path="$.error",
    )


def _words(site: CallSite, fault: Fault) -> str:
    code = "" if fault.code == fault.kind.value else f" {fault.code}"
    words = f"{site.call.name}: {fault.kind.value}{code}: {fault.message}"
    if fault.kind is not FaultKind.UNDECLARED_ERROR:
        return words
    return f"{words[:120]} ({_REMEDY})"


def _from_difference(
    left: JsonValue | Absent, right: JsonValue | Absent
) -> tuple[JsonValue | Absent, JsonValue | Absent]:
    """Cut what two long texts begin with in common, so that what is shown of them differs."""
    if not isinstance(left, str) or not isinstance(right, str) or max(len(left), len(right)) < _SHOWN:
        return left, right
    differing = (place for place, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1])
    start = next(differing, min(len(left), len(right))) - _COMMON_SHOWN
    return (left, right) if start <= 0 else (f"…{left[start:]}", f"…{right[start:]}")


def _show(value: JsonValue | Absent) -> str:
    shown = "nothing" if value is Absent.ABSENT else repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
