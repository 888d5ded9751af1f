"""The table of rules is complete, and codes, prefixes and names choose from it."""

import re

import pytest

from toolace_mt.checks import FAMILIES, RULES, UnknownRuleError, choose_rules, find_rule, severity_of
from toolace_mt.findings import Severity


def test_every_rule_has_its_own_code_and_name_in_a_known_family() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"TA\d{3}", rule.code) and rule.family in FAMILIES for rule in RULES)
    assert [rule.code for rule in RULES] == sorted(rule.code for rule in RULES)


def test_every_rule_says_all_that_a_reader_wants_to_know() -> None:
    for rule in RULES:
        assert all((rule.message, rule.why, rule.bad, rule.good, rule.fix)), rule.code
        assert rule.bad != rule.good


@pytest.mark.parametrize(
    ("select", "ignore", "inside", "outside"),
    [
        ((), ("TA8",), "TA401", "TA801"),
        (("TA3",), (), "TA301", "TA401"),
        (("TA3", "TA401"), ("TA303",), "TA401", "TA303"),
        ((), ("ungrounded-value",), "TA401", "TA402"),
        (("ta7",), (), "TA701", "TA401"),
    ],
)
def test_selection_takes_codes_prefixes_and_names(
    select: tuple[str, ...], ignore: tuple[str, ...], inside: str, outside: str
) -> None:
    chosen = choose_rules(select, ignore)
    assert inside in chosen
    assert outside not in chosen


@pytest.mark.parametrize("wrong", ["TA999", "X1", "", "grounding!"])
def test_an_unknown_code_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(UnknownRuleError, match="unknown rule"):
        choose_rules((wrong,))


def test_a_rule_is_found_by_code_or_name() -> None:
    assert find_rule("ta401") is find_rule("ungrounded-identifier")
    assert severity_of("TA402") is Severity.WARNING
    with pytest.raises(UnknownRuleError, match="TA999"):
        find_rule("TA999")
