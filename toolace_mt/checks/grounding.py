"""Whether every argument value has a source (TA4)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolace_mt.checks.observations import CallSite
from toolace_mt.findings import Finding
from toolace_mt.json_path import Leaf, leaves
from toolace_mt.provenance import Trace, is_identifier

__all__ = ["check_grounding", "check_references"]

_PLACEHOLDER = re.compile(
    r"\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$[A-Za-z_]\w*(?:\.\w+)*\$"
    r"|<(?:your|the|insert|user|order|some)?[_ ]?[a-z]+_[a-z_]+>"
    r"|\bAPI_call_\d+\b|(?:YOUR|INSERT)_[A-Z_]+|\[(?:insert|your)\b[^\]]*\]"
)
_LAST_NAME = re.compile(r"(\w+)(?:\[\d+\])*\Z")
_SHOWN = 60


def check_grounding(sites: tuple[CallSite, ...], trace: Trace) -> Iterator[Finding]:
    """Find identifiers (TA401) and other values (TA402) without a source; placeholders are left to TA403."""
    names = {(site.turn, site.index): site.call.name for site in sites}
    for site in trace.ungrounded:
        value = trace.value(site)
        if _is_placeholder(value):
            continue
        identifier = is_identifier(_parameter(site.path), value)
        yield Finding(
            rule="TA401" if identifier else "TA402",
            message=f"{names[site.turn, site.call]}: {_show(value)} is nowhere before this call",
            turn=site.turn,
            call=site.call,
            path=site.path,
        )


def check_references(sites: tuple[CallSite, ...]) -> Iterator[Finding]:
    """Find placeholders that were never filled in (TA403)."""
    for site in sites:
        for path, value in leaves(site.call.arguments or {}):
            if _is_placeholder(value):
                yield Finding(
                    rule="TA403",
                    message=f"{site.call.name}: {_show(value)} is a placeholder",
                    turn=site.turn,
                    call=site.index,
                    path=path,
                )


def _is_placeholder(value: Leaf) -> bool:
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value.strip()) is not None


def _parameter(path: str) -> str:
    found = _LAST_NAME.search(path)
    return path if found is None else found[1]


def _show(value: Leaf) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
