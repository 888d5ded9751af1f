"""All checks that need nothing but the record, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolace_mt.checks.alternatives import settle_alternatives
from toolace_mt.checks.arguments import check_arguments
from toolace_mt.checks.claims import check_claims
from toolace_mt.checks.content import check_repeated_calls, check_texts
from toolace_mt.checks.grounding import check_grounding
from toolace_mt.checks.observations import CallSite, Pairing, call_sites, pair_results
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


class StaticLevel:
    """How far a call can be trusted by the record alone, each level including those before."""

    UNPARSED, PARSED, DECLARED, VALID, GROUNDED = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All findings of a record, whatever was selected, and the level that each call reaches.

    ``transcript`` is the record with the best of its answer key's alternatives (see ``settle_alternatives``).
    """

    transcript: Transcript
    findings: tuple[Finding, ...]
    levels: tuple[int, ...]
    sites: tuple[CallSite, ...]
    pairing: Pairing
    sources: Trace


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
    return tuple(finding for finding in judge(transcript, reads=reads).findings if finding.rule in chosen)


def judge(transcript: Transcript, *, reads: frozenset[str] | None = None) -> Judgement:
    """Run every check that needs no execution and find the level of each call."""
    toolset = None if transcript.tools is None else toolset_of(transcript.tools)
    if transcript.is_reference:
        transcript = settle_alternatives(transcript, toolset)
    sites = call_sites(transcript)
    pairing = pair_results(transcript, sites)
    sources = trace(transcript)
    findings = sorted(_findings(transcript, sites, pairing, toolset, sources, reads), key=_order)
    levels = tuple(_levels(sites, toolset, sources, findings))
    return Judgement(
        transcript=transcript,
        findings=tuple(findings),
        levels=levels,
        sites=sites,
        pairing=pairing,
        sources=sources,
    )


def _findings(
    transcript: Transcript,
    sites: tuple[CallSite, ...],
    pairing: Pairing,
    toolset: Toolset | None,
    sources: Trace,
    reads: frozenset[str] | None,
) -> Iterator[Finding]:
    yield from check_calls_parse(transcript)
    yield from check_structure(transcript, pairing)
    if toolset is not None:
        yield from check_declarations(toolset)
        yield from check_tools_declared(sites, toolset)
        yield from check_arguments(
            sites,
            toolset,
            is_reference=transcript.is_reference,
            values_as_text=transcript.values_as_text,
            names_variables=transcript.names_variables,
        )
    yield from check_grounding(sites, sources)
    yield from check_claims(transcript)
    yield from check_references(sites, is_reference=transcript.is_reference)
    yield from check_repeated_calls(sites, pairing, transcript, reads)
    yield from check_texts(transcript)


def _order(finding: Finding) -> tuple[int, int, str, str]:
    turn = -1 if finding.turn is None else finding.turn
    call = -1 if finding.call is None else finding.call
    return turn, call, finding.rule, finding.path or ""


def _levels(
    sites: tuple[CallSite, ...], toolset: Toolset | None, sources: Trace, findings: list[Finding]
) -> Iterator[int]:
    unsure = {
        (site.turn, site.call) for site, source in sources.items() if source is None or not source.certain
    }
    broken = {(finding.turn, finding.call) for finding in findings if finding.rule in _INVALID}
    unsure |= {
        (f.turn, f.call)
        for f in findings
        if f.rule in _UNGROUNDED and f.turn is not None and f.call is not None
    }
    for site in sites:
        where = (site.turn, site.index)
        tool = None if toolset is None else toolset.by_name.get(site.call.name)
        if site.call.arguments is None:
            yield StaticLevel.UNPARSED
        elif tool is None:
            yield StaticLevel.PARSED
        elif tool.schema.validator is None or tool.tool.parameters is None or where in broken:
            yield StaticLevel.DECLARED
        else:
            yield StaticLevel.VALID if where in unsure else StaticLevel.GROUNDED
