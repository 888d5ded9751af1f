"""The page of rules is written from the table of rules."""

from pathlib import Path

from toolace_mt.checks import RULES
from toolace_mt.checks.page import rules_page

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"


def test_the_page_of_rules_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(), "run: toolace-mt rules --page > docs/rules.md"


def test_the_page_tells_all_of_every_rule() -> None:
    page = rules_page()
    for rule in RULES:
        assert f"## {rule.code} {rule.name}" in page
        assert rule.why in page
        assert rule.fix in page
