"""Identifiers that tools drew anew, judged over a whole dialogue and not result by result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox import Outcome, Returned
from toolace_mt.checks.compare import Agreement, compare_results
from toolace_mt.checks.observations import CallSite
from toolace_mt.checks.renaming import Renaming, identifiers_in
from toolace_mt.findings import Finding
from toolace_mt.transcript import Message

__all__ = ["Settled", "settle_identifiers"]

Where = tuple[int, int]
Run = tuple[CallSite, Outcome, Message | None]
"""A call, what it did, and the recorded result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What is found once each identifier has one meaning.

    ``unjudged`` are calls that were given an identifier for which the tool drew another, and did something
    else than was recorded: nothing follows from that.
    """

    findings: tuple[Finding, ...]
    unjudged: frozenset[Where]


def settle_identifiers(runs: Iterable[Run], findings: tuple[Finding, ...]) -> Settled:
    """Have each recorded identifier stand for one executed one throughout; where it cannot, the results
    differ (TA601)."""
    runs = tuple(runs)
    renaming = Renaming()
    for name in _certain(runs):
        renaming.keep(name)
    disputed = {(found.turn, found.call) for found in findings}
    unjudged: set[Where] = set()
    clashes: dict[Where, Finding] = {}
    for site, outcome, answer in runs:
        if renaming.concerns(site.call.arguments):
            if site.where in disputed:
                unjudged.add(site.where)
            continue
        for name in identifiers_in(site.call.arguments):
            renaming.keep(name)
        if isinstance(outcome, Returned) and answer is not None:
            difference = compare_results(answer.value, outcome.value)
            if difference.agreement is not Agreement.IDENTIFIERS:
                continue
            clash = renaming.join(difference.renaming)
            if clash is not None:
                clashes[site.where] = _clash(site, *clash)
    kept = [found for found in findings if (found.turn, found.call) not in unjudged or found.rule == "TA605"]
    differing = [found for found in kept if found.rule != "TA603" or (found.turn, found.call) not in clashes]
    return Settled(findings=(*differing, *clashes.values()), unjudged=frozenset(unjudged))


def _certain(runs: Iterable[Run]) -> Iterator[str]:
    """Give the identifiers that both results hold, and that the call did not bring along."""
    for site, outcome, answer in runs:
        if not isinstance(outcome, Returned) or answer is None:
            continue
        if compare_results(answer.value, outcome.value).agreement is Agreement.EQUAL:
            asked = set(identifiers_in(site.call.arguments))
            yield from (name for name in identifiers_in(answer.value) if name not in asked)


def _clash(site: CallSite, recorded: str, executed: str) -> Finding:
    return Finding(
        rule="TA601",
        message=f"{site.call.name}: recorded {recorded!r}, executed {executed!r}: elsewhere one of them "
        "stands for something else",
        turn=site.turn,
        call=site.number,
    )
