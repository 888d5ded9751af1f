"""What nobody chose is not looked for, and choosing changes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.counting import files_entered
from toolace_mt.auditing.gaps import Gap, static_gaps
from toolace_mt.checks import RULES, choose_rules, judge
from toolace_mt.checks.judge import StaticLevel
from toolace_mt.findings import Finding
from toolace_mt.formats.openai import OpenAIFormat
from toolace_mt.transcript import Place, Transcript

FAULTS = Path(__file__).parents[3] / "fixtures" / "datasets" / "openai_faults.jsonl"
TRANSCRIPTS = [
    OpenAIFormat().read(json.loads(line), Place(file="faults", record=0))
    for line in FAULTS.read_text().splitlines()
]
CODES = [rule.code for rule in RULES]
GROUNDING = {"TA401", "TA402", "TA403", "TA404"}


@given(transcript=st.sampled_from(TRANSCRIPTS), chosen=st.frozensets(st.sampled_from(CODES)))
def test_choosing_rules_changes_neither_what_they_find_nor_levels_but_that_nothing_is_grounded_untraced(
    transcript: Transcript, chosen: frozenset[str]
) -> None:
    whole, part = judge(transcript), judge(transcript, chosen=chosen)
    is_traced = bool(chosen & GROUNDING)
    assert (part.sources is None) == (not is_traced)
    assert part.levels == tuple(
        level if is_traced else min(level, StaticLevel.VALID) for level in whole.levels
    )
    assert [found for found in part.findings if found.rule in chosen] == [
        found for found in whole.findings if found.rule in chosen
    ]


@pytest.mark.parametrize(
    ("select", "ignore", "left_out", "looked_at"),
    [
        ([], [], set(), {"claims.py", "content.py", "structure.py", "arguments.py"}),
        ([], ["TA405"], {"claims.py"}, {"content.py", "structure.py"}),
        (
            ["TA1"],
            [],
            {"claims.py", "content.py", "trace.py", "grounding.py"},
            {"structure.py", "arguments.py"},
        ),
        (["TA402"], [], {"claims.py", "content.py"}, {"trace.py", "grounding.py", "arguments.py"}),
        (["TA7"], [], {"claims.py", "structure.py", "trace.py"}, {"content.py", "arguments.py"}),
    ],
)
def test_what_nobody_chose_is_not_looked_for_unless_the_levels_rest_on_it(
    select: list[str], ignore: list[str], left_out: set[str], looked_at: set[str]
) -> None:
    chosen = choose_rules(select, ignore)
    entered = files_entered(lambda: [judge(transcript, chosen=chosen) for transcript in TRANSCRIPTS])
    assert not left_out & entered
    assert looked_at <= entered


def test_what_the_assistant_says_settles_no_doubt_about_a_call() -> None:
    said = Finding(rule="TA405", message="told", turn=3)
    doubted = Finding(rule="TA402", message="from nowhere", turn=1, call=0)
    valid = (3, 3)
    assert static_gaps(valid, [said], answered=2, declares_tools=True, is_traced=True) == {Gap.UNSURE: 2}
    assert static_gaps(valid, [said, doubted], answered=2, declares_tools=True, is_traced=True) == {
        Gap.UNSURE: 1
    }


def test_calls_of_which_nobody_asks_where_their_values_come_from_are_told_as_not_checked() -> None:
    assert static_gaps((3, 2), [], answered=2, declares_tools=True, is_traced=False) == {
        Gap.UNTRACED: 1,
        Gap.NO_SCHEMA: 1,
    }
