"""All rules as one page of Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from toolace_mt.checks.rule import Rule
from toolace_mt.checks.rules import FAMILIES, RULES

__all__ = ["rules_page"]

_HEAD = """# The rules of the audit

This page is written by `toolace-mt rules --page > docs/rules.md`; the rules themselves are in
`toolace_mt/checks/catalogue`.

Choose rules with `--select` and `--ignore` (codes, prefixes such as `TA3`, or names), and change how severe
one is with `--severity TA402=off`. Certainty tells how much a finding proves: *certain* follows from the
record alone, *executed* was seen when the calls were run, *likely* is a heuristic that stays silent when in
doubt, *judged* is the opinion of a model (`audit --model`), by a majority of several answers.

| code | name | severity | certainty | what it finds |
|---|---|---|---|---|
"""


def rules_page() -> str:
    """Give the page: a table of all rules, then each by family with its reason, examples and remedy."""
    rows = [
        f"| [{rule.code}](#{rule.code.lower()}-{rule.name}) | {rule.name} | {rule.severity.value}"
        f" | {rule.certainty.value} | {rule.message} |\n"
        for rule in RULES
    ]
    return "".join([_HEAD, *rows, *_sections()])


def _sections() -> Iterator[str]:
    family = ""
    for rule in RULES:
        if rule.family != family:
            family = rule.family
            yield f"\n# {family}: {FAMILIES[family]}\n"
        yield _section(rule)


def _section(rule: Rule) -> str:
    return (
        f"\n## {rule.code} {rule.name}\n\n"
        f"{rule.message} ({rule.severity.value}, {rule.certainty.value})\n\n"
        f"{rule.why}\n\n"
        f"- Bad: {_code(rule.bad)}\n- Good: {_code(rule.good)}\n- Fix: {rule.fix}\n"
    )


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"
