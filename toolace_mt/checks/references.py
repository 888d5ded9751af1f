"""Values that stand for an earlier call's result, and values that should have been put in place of one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import orjson

from toolace_mt.checks.observations import CallSite
from toolace_mt.findings import Finding
from toolace_mt.json_path import Leaf, leaves
from toolace_mt.transcript import JsonValue, Message

__all__ = ["check_references", "is_placeholder", "is_wildcard", "labels_before", "refers"]

_PLACEHOLDER = re.compile(
    r"\{\{[^{}]*\}\}|\$?\{[a-zA-Z][^{}:\"']*\}|\$[A-Za-z_][\w.\[\]]*\$"
    r"|<(?:your|the|insert|user|order|some)?[_ ]?[a-z]+_[a-z_]+>"
    r"|\bAPI_call_\d+\b|(?:YOUR|INSERT)_[A-Z_]+|\[(?:insert|your)\b[^\]]*\]"
)
_REFERENCE = re.compile(
    r"\$\{[^{}]*\}|\$?\b[A-Za-z_]\w*(?:\.[\w.\[\]]+)?\$|\bAPI_call_\d+\b|\$[A-Za-z_][\w.\[\]]*"
)
_WILDCARD = re.compile(r"\$?\{[A-Za-z][^{}]*\}")
_WORD = re.compile(r"\w+")
_MARK = re.compile(rb"[$<{]|API_call_|YOUR_|INSERT_|\[(?:insert|your)")
"""What every placeholder holds, cheap to look for in all arguments at once."""
_SHOWN = 60


def labels_before(sites: tuple[CallSite, ...]) -> Mapping[tuple[int, int], frozenset[str]]:
    """Give for each call the labels of results that calls before it gave."""
    if not any(site.call.gives for site in sites):
        return {}
    seen: frozenset[str] = frozenset()
    labels: dict[tuple[int, int], frozenset[str]] = {}
    for site in sites:
        labels[site.where] = seen
        seen = seen.union(site.call.gives)
    return labels


def refers(value: JsonValue, labels: frozenset[str]) -> bool:
    """Tell whether a text refers to one of these results: ``$var1.id$``, ``${id from f}``, ``API_call_0``."""
    if not labels or not isinstance(value, str):
        return False
    return any(not labels.isdisjoint(_WORD.findall(found[0])) for found in _REFERENCE.finditer(value))


def is_wildcard(value: str) -> bool:
    """Tell whether an answer key leaves the value open: ``${a certain year}``."""
    return _WILDCARD.fullmatch(value.strip()) is not None


def is_placeholder(value: Leaf) -> bool:
    """Tell whether a text is nothing but a place to be filled."""
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value.strip()) is not None


def _is_marked(values: JsonValue) -> bool:
    """Tell, for far less than it costs to go through them, whether a placeholder may be among the values."""
    return _MARK.search(orjson.dumps(values)) is not None


def _was_given(value: str, messages: Sequence[Message]) -> bool:
    sought = value.strip()
    return any(message.role == "user" and sought in (message.text or "") for message in messages)


def check_references(
    sites: tuple[CallSite, ...], *, messages: Sequence[Message] = (), is_reference: bool = False
) -> Iterator[Finding]:
    """Find placeholders that were never filled in and that no earlier call's result fills (TA403).

    An answer key may leave a value open.  What a user among the ``messages`` gave to the letter is a value
    like any other.
    """
    if not _is_marked([[*site.call.arguments.values()] for site in sites if site.call.arguments]):
        return
    labels = labels_before(sites)
    for site in sites:
        if not site.call.arguments or not _is_marked([*site.call.arguments.values()]):
            continue
        known = labels.get(site.where, frozenset())
        for path, value in leaves(site.call.arguments):
            if not isinstance(value, str) or not is_placeholder(value) or refers(value, known):
                continue
            if not (is_reference and is_wildcard(value)) and not _was_given(value, messages[: site.turn]):
                shown = repr(value)
                shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
                yield Finding(
                    rule="TA403",
                    message=f"{site.call.name}: {shown} is a placeholder that nothing fills",
                    turn=site.turn,
                    call=site.number,
                    path=path,
                )
