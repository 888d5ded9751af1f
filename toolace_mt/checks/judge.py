"""All checks that need nothing but the record, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from toolace_mt.checks.alternatives import settle_alternatives
from toolace_mt.checks.arguments import check_arguments
from toolace_mt.checks.claims import check_claims
from toolace_mt.checks.content import check_repeated_calls, check_texts
from toolace_mt.checks.grounding import check_grounding
from toolace_mt.checks.observations import CallSite, Pairing, pair_results
from toolace_mt.checks.references import check_references
from toolace_mt.checks.rules import choose_rules
from toolace_mt.checks.structure import check_calls_parse, check_structure
from toolace_mt.checks.tools import check_declarations, check_tools_declared
from toolace_mt.checks.toolset import Toolset, toolset_of
from toolace_mt.findings import Finding
from toolace_mt.provenance import Trace, trace
from toolace_mt.transcript import Transcript

__all__ = ["Judgement", "StaticLevel", "check_transcript", "judge"]

_INVALID = frozenset({"TA301", "TA302", "TA303", "TA304", "TA305", "TA306"})
_UNGROUNDED = frozenset({"TA401", "TA402", "TA403", "TA404"})
_REFUSED = frozenset({"TA303", "TA304", "TA305"})


class StaticLevel:
    """How far a call can be trusted by the record alone, each level including those before."""

    UNPARSED, PARSED, DECLARED, VALID, GROUNDED = range(5)


class Judgement(NamedTuple):
    """What the checks found, and the level that each call reaches.

    ``findings`` are those of the chosen rules, and all of the rules on which the levels rest.  ``transcript``
    is the record with the best of its answer key's alternatives (see ``settle_alternatives``).  ``sources``
    is None, and no call is grounded, where none of the rules that need sources is chosen.
    """

    transcript: Transcript
    findings: tuple[Finding, ...]
    levels: tuple[int, ...]
    pairing: Pairing
    sources: Trace | None


class _Subject(NamedTuple):
    """What the checks look at.  ``toolset`` is None if the record declares no tools."""

    transcript: Transcript
    pairing: Pairing
    toolset: Toolset | None
    sources: Trace | None
    reads: frozenset[str] | None


def check_transcript(
    transcript: Transcript,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    reads: frozenset[str] | None = None,
) -> tuple[Finding, ...]:
    """Check one record against the rules that need no execution, in the order of its turns.

    ``select`` and ``ignore`` take codes, prefixes of codes and names of rules.  ``reads`` are the tools that
    are known to change nothing; without it they are guessed from their names (for TA701 only).
    """
    chosen = choose_rules(select, ignore)
    judgement = judge(transcript, reads=reads, chosen=chosen)
    return tuple(finding for finding in judgement.findings if finding.rule in chosen)


def judge(
    transcript: Transcript, *, reads: frozenset[str] | None = None, chosen: frozenset[str] | None = None
) -> Judgement:
    """Find the level of each call, and what breaks the chosen rules (all of them if ``chosen`` is None)."""
    toolset = None if transcript.tools is None else toolset_of(transcript.tools)
    if transcript.is_reference:
        transcript = settle_alternatives(transcript, toolset)
    subject = _Subject(
        transcript=transcript,
        pairing=pair_results(transcript),
        toolset=toolset,
        sources=trace(transcript) if chosen is None or not chosen.isdisjoint(_UNGROUNDED) else None,
        reads=reads,
    )
    found = [finding for check in _needed(chosen) for finding in check(subject)]
    if len(found) > 1:
        found = _without_consequences(found, chosen)
    found.sort(key=_order)
    return Judgement(
        transcript=transcript,
        findings=tuple(found),
        levels=tuple(_levels(subject.pairing.sites, toolset, subject.sources, found)),
        pairing=subject.pairing,
        sources=subject.sources,
    )


def _declarations(subject: _Subject) -> Iterable[Finding]:
    if subject.toolset is None:
        return ()
    called = (
        {site.call.name for site in subject.pairing.sites} if subject.transcript.tools_are_shared else None
    )
    return check_declarations(subject.toolset, called)


def _tools_declared(subject: _Subject) -> Iterable[Finding]:
    return () if subject.toolset is None else check_tools_declared(subject.pairing.sites, subject.toolset)


def _arguments(subject: _Subject) -> Iterable[Finding]:
    if subject.toolset is None:
        return ()
    return check_arguments(
        subject.pairing.sites,
        subject.toolset,
        is_reference=subject.transcript.is_reference,
        values_as_text=subject.transcript.values_as_text,
        names_variables=subject.transcript.names_variables,
    )


def _grounding(subject: _Subject) -> Iterable[Finding]:
    return () if subject.sources is None else check_grounding(subject.pairing.sites, subject.sources)


def _references(subject: _Subject) -> Iterable[Finding]:
    transcript = subject.transcript
    return check_references(
        subject.pairing.sites, messages=transcript.messages, is_reference=transcript.is_reference
    )


def _repeated_calls(subject: _Subject) -> Iterable[Finding]:
    return check_repeated_calls(subject.pairing.sites, subject.pairing, subject.transcript, subject.reads)


_Check = Callable[[_Subject], Iterable[Finding]]
_CHECKS: tuple[tuple[frozenset[str], _Check], ...] = (
    (frozenset({"TA002"}), lambda subject: check_calls_parse(subject.pairing.sites)),
    (
        frozenset({"TA101", "TA102", "TA103", "TA104", "TA105", "TA106", "TA107"}),
        lambda subject: check_structure(subject.transcript, subject.pairing),
    ),
    (frozenset({"TA202", "TA203", "TA204", "TA205", "TA206"}), _declarations),
    (frozenset({"TA201"}), _tools_declared),
    (_INVALID, _arguments),
    (frozenset({"TA401", "TA402", "TA404"}), _grounding),
    (frozenset({"TA405"}), lambda subject: check_claims(subject.transcript)),
    (frozenset({"TA403"}), _references),
    (frozenset({"TA701"}), _repeated_calls),
    (frozenset({"TA702", "TA703", "TA704"}), lambda subject: check_texts(subject.transcript)),
)
"""Each check and the rules that it looks for: what nobody chose, and no level rests on, is not looked for."""


@lru_cache(maxsize=8)
def _needed(chosen: frozenset[str] | None) -> tuple[_Check, ...]:
    if chosen is None:
        return tuple(check for _, check in _CHECKS)
    rules = chosen | _INVALID if chosen.isdisjoint(_UNGROUNDED) else chosen | _INVALID | _UNGROUNDED
    return tuple(check for of_check, check in _CHECKS if not rules.isdisjoint(of_check))


def _without_consequences(found: list[Finding], chosen: frozenset[str] | None) -> list[Finding]:
    """A value that the schema refuses needs no source: where that is told, it is told once."""
    refused = {
        (finding.turn, finding.call, finding.path)
        for finding in found
        if finding.rule in _REFUSED and (chosen is None or finding.rule in chosen)
    }
    if not refused:
        return found
    return [one for one in found if one.rule != "TA402" or (one.turn, one.call, one.path) not in refused]


def _order(finding: Finding) -> tuple[int, int, str, str]:
    turn = -1 if finding.turn is None else finding.turn
    call = -1 if finding.call is None else finding.call
    return turn, call, finding.rule, finding.path or ""


def _levels(
    sites: tuple[CallSite, ...], toolset: Toolset | None, sources: Trace | None, findings: list[Finding]
) -> Iterator[int]:
    broken = {(finding.turn, finding.call) for finding in findings if finding.rule in _INVALID}
    unsure = {
        (f.turn, f.call)
        for f in findings
        if f.rule in _UNGROUNDED and f.turn is not None and f.call is not None
    }
    if sources is not None:
        unsure |= {
            (site.turn, site.call) for site, source in sources.items() if source is None or not source.certain
        }
    for where, call in sites:
        tool = None if toolset is None else toolset.by_name.get(call.name)
        if call.arguments is None:
            yield StaticLevel.UNPARSED
        elif tool is None:
            yield StaticLevel.PARSED
        elif tool.schema.validator is None or tool.tool.parameters is None or where in broken:
            yield StaticLevel.DECLARED
        else:
            yield StaticLevel.VALID if sources is None or where in unsure else StaticLevel.GROUNDED
