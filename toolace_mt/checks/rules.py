"""All rules in one visible tuple, and how codes and prefixes choose among them."""

from __future__ import annotations

from collections.abc import Iterable

from toolace_mt.checks.catalogue.content import CONTENT_RULES, GROUNDING_RULES
from toolace_mt.checks.catalogue.execution import EXECUTION_RULES, REPLAY_RULES
from toolace_mt.checks.catalogue.experts import EXPERT_RULES
from toolace_mt.checks.catalogue.reading import READING_RULES
from toolace_mt.checks.catalogue.structure import STRUCTURE_RULES
from toolace_mt.checks.catalogue.tools import ARGUMENT_RULES, TOOL_RULES
from toolace_mt.checks.rule import Certainty, Rule
from toolace_mt.findings import Severity

__all__ = [
    "FAMILIES",
    "RULES",
    "Certainty",
    "Rule",
    "UnknownRuleError",
    "choose_rules",
    "find_rule",
    "severity_of",
]

RULES: tuple[Rule, ...] = (
    *READING_RULES,
    *STRUCTURE_RULES,
    *TOOL_RULES,
    *ARGUMENT_RULES,
    *GROUNDING_RULES,
    *EXECUTION_RULES,
    *REPLAY_RULES,
    *CONTENT_RULES,
    *EXPERT_RULES,
)

FAMILIES: dict[str, str] = {
    "TA0": "reading",
    "TA1": "structure",
    "TA2": "tools",
    "TA3": "arguments",
    "TA4": "grounding",
    "TA5": "execution",
    "TA6": "state and replay",
    "TA7": "content",
    "TA8": "experts",
}

_BY_CODE = {rule.code: rule for rule in RULES}
_BY_NAME = {rule.name: rule for rule in RULES}


class UnknownRuleError(ValueError):
    """No rule has this code, prefix or name."""


def find_rule(code: str) -> Rule:
    """Give the rule of this code or name; raise UnknownRuleError if there is none."""
    rule = _BY_CODE.get(code.upper()) or _BY_NAME.get(code.lower())
    if rule is None:
        raise UnknownRuleError(f"unknown rule {code!r}; `toolace-mt rules` lists them")
    return rule


def severity_of(code: str) -> Severity:
    """Give the severity of a rule; codes from outside this table count as errors."""
    rule = _BY_CODE.get(code)
    return Severity.ERROR if rule is None else rule.severity


def choose_rules(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> frozenset[str]:
    """Give the codes that ``select`` names (all, if it is empty) less those that ``ignore`` names.

    Each item is a code, a prefix of codes (``TA3``) or a rule's name; an item that names no rule raises
    UnknownRuleError.
    """
    chosen = {code for item in select for code in _matching(item)} or set(_BY_CODE)
    return frozenset(chosen - {code for item in ignore for code in _matching(item)})


def _matching(item: str) -> frozenset[str]:
    wanted = item.strip()
    named = _BY_NAME.get(wanted.lower())
    if named is not None:
        return frozenset({named.code})
    prefix = wanted.upper()
    codes = (
        frozenset(code for code in _BY_CODE if code.startswith(prefix))
        if prefix.startswith("TA")
        else frozenset()
    )
    if not codes:
        raise UnknownRuleError(
            f"unknown rule {item!r}; `toolace-mt rules` lists the codes, such as TA301 or TA3"
        )
    return codes
