"""What counts in an audit: which rules, how severe, and which findings are known already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from toolace_mt.checks import choose_rules, severity_of
from toolace_mt.findings import Finding, Severity
from toolace_mt.formats import FormatError, NotJsonError, parse_record, raw_records
from toolace_mt.transcript import JsonValue, Place

__all__ = ["BadSeverityError", "Policy", "SeverityWord", "make_policy", "read_baseline"]

SeverityWord = Literal["error", "warning", "info", "off"]
_Known = tuple[str, str | None, str, int | None, int | None, str | None]


class BadSeverityError(ValueError):
    """A rule is given a severity that there is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``severities`` hold only what differs from the rules' own; ``known`` are accepted findings."""

    chosen: frozenset[str]
    severities: Mapping[str, Severity] = field(default_factory=dict)
    known: frozenset[_Known] = frozenset()

    def severity(self, rule: str) -> Severity:
        return self.severities.get(rule) or severity_of(rule)

    def is_known(self, place: Place, identity: str | None, found: Finding) -> bool:
        return bool(self.known) and _key(place.file, identity, found) in self.known


def make_policy(
    select: Iterable[str],
    ignore: Iterable[str],
    severities: Mapping[str, str],
    baseline: str | Path | None,
) -> Policy:
    """Resolve the user's words; raise UnknownRuleError, BadSeverityError, or FormatError for the baseline."""
    off: list[str] = []
    changed: dict[str, Severity] = {}
    for item, word in severities.items():
        codes = choose_rules([item])
        if word == "off":
            off.extend(codes)
        elif word in tuple(Severity):
            changed.update(dict.fromkeys(codes, Severity(word)))
        else:
            raise BadSeverityError(f"unknown severity {word!r} for {item}; use error, warning, info or off")
    return Policy(
        chosen=choose_rules(select, [*ignore, *off]),
        severities=changed,
        known=frozenset() if baseline is None else read_baseline(Path(baseline)),
    )


def read_baseline(path: Path) -> frozenset[_Known]:
    """Read the ``findings.jsonl`` of an earlier audit; raise FormatError where it is none."""
    known: set[_Known] = set()
    for raw in raw_records(path):
        try:
            entry = parse_record(raw)
        except NotJsonError as error:
            raise FormatError(f"baseline {path}: line {raw.number + 1} is {error}") from None
        if not isinstance(entry, Mapping) or not isinstance(entry.get("rule"), str):
            raise FormatError(f"baseline {path}: line {raw.number + 1} is no finding of an audit")
        known.add(
            (
                Path(str(entry.get("file"))).name,
                _text(entry.get("content")) or _text(entry.get("dialogue")),
                str(entry["rule"]),
                _number(entry.get("turn")),
                _number(entry.get("call")),
                _text(entry.get("path")),
            )
        )
    return frozenset(known)


def _key(file: str, identity: str | None, found: Finding) -> _Known:
    return Path(file).name, identity, found.rule, found.turn, found.call, found.path


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: JsonValue) -> int | None:
    return value if isinstance(value, int) else None
