"""What nobody chose is not looked for, and choosing changes nothing else."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.auditing.gaps import Gap, static_gaps
from toolace_mt.checks import RULES, choose_rules, judge
from toolace_mt.findings import Finding
from toolace_mt.formats.openai import OpenAIFormat
from toolace_mt.transcript import Place, Transcript

FAULTS = Path(__file__).parents[3] / "fixtures" / "datasets" / "openai_faults.jsonl"
TRANSCRIPTS = [
    OpenAIFormat().read(json.loads(line), Place(file="faults", record=0))
    for line in FAULTS.read_text().splitlines()
]
CODES = [rule.code for rule in RULES]


@given(transcript=st.sampled_from(TRANSCRIPTS), chosen=st.frozensets(st.sampled_from(CODES)))
def test_choosing_rules_changes_neither_the_levels_nor_what_the_chosen_ones_find(
    transcript: Transcript, chosen: frozenset[str]
) -> None:
    whole, part = judge(transcript), judge(transcript, chosen=chosen)
    assert part.levels == whole.levels
    assert [found for found in part.findings if found.rule in chosen] == [
        found for found in whole.findings if found.rule in chosen
    ]


def files_entered(work: Callable[[], object]) -> set[str]:
    """Name the files of whose functions any is called."""
    entered: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            entered.add(Path(frame.f_code.co_filename).name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return entered


@pytest.mark.parametrize(
    ("select", "ignore", "left_out", "looked_at"),
    [
        ([], [], set(), {"claims.py", "content.py", "structure.py", "arguments.py"}),
        ([], ["TA405"], {"claims.py"}, {"content.py", "structure.py"}),
        (["TA1"], [], {"claims.py", "content.py"}, {"structure.py", "arguments.py", "grounding.py"}),
        (["TA7"], [], {"claims.py", "structure.py"}, {"content.py", "arguments.py"}),
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
    assert static_gaps(valid, [said], answered=2, declares_tools=True) == {Gap.UNSURE: 2}
    assert static_gaps(valid, [said, doubted], answered=2, declares_tools=True) == {Gap.UNSURE: 1}
