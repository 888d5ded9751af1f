"""Whether every argument value has a source (TA4)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolace_mt.checks.observations import CallSite
from toolace_mt.checks.references import is_placeholder, labels_before, refers
from toolace_mt.findings import Finding
from toolace_mt.json_path import Leaf
from toolace_mt.provenance import SourceKind, Trace, is_identifier

__all__ = ["check_grounding"]

_LAST_NAME = re.compile(r"(\w+)(?:\[\d+\])*\Z")
_SHOWN = 60


def check_grounding(sites: tuple[CallSite, ...], trace: Trace) -> Iterator[Finding]:
    """Find identifiers (TA401) and other values (TA402) without a source, and values that only hidden state
    holds (TA404); placeholders are left to TA403."""
    names = {site.where: site.call.name for site in sites}
    labels = labels_before(sites)
    for site, source in trace.items():
        if source is not None:
            if source.kind is SourceKind.HIDDEN:
                shown = _show(trace.value(site))
                yield Finding(
                    rule="TA404",
                    message=f"{names[site.turn, site.call]}: {shown} is known to hidden state only",
                    turn=site.turn,
                    call=site.call,
                    path=site.path,
                )
            continue
        value = trace.value(site)
        known = labels.get((site.turn, site.call), frozenset())
        if is_placeholder(value) or refers(value, known):
            continue
        identifier = is_identifier(_parameter(site.path), value)
        yield Finding(
            rule="TA401" if identifier else "TA402",
            message=f"{names[site.turn, site.call]}: {_show(value)} is nowhere before this call",
            turn=site.turn,
            call=site.call,
            path=site.path,
        )


def _parameter(path: str) -> str:
    found = _LAST_NAME.search(path)
    return path if found is None else found[1]


def _show(value: Leaf) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
