"""How well the checker bites: every planted bug is found with default settings, in its shortest form."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox import Pack, PackFinding, check_pack, judge_examples, open_pack
from tests.sandbox.checking.planted import (
    STUDIO_BUGS,
    TRAVEL_BUGS,
    PlantedBug,
    studio,
    travel_with_laws,
    with_bug,
)

BUGS = {
    **{f"travel {name}": ("travel", bug) for name, bug in TRAVEL_BUGS.items()},
    **{f"studio {name}": ("studio", bug) for name, bug in STUDIO_BUGS.items()},
}


@pytest.fixture(scope="module")
def sound_packs() -> dict[str, Pack]:
    return {"travel": travel_with_laws(open_pack("travel")), "studio": studio()}


@pytest.mark.parametrize(("place", "bug"), BUGS.values(), ids=BUGS)
def test_a_planted_bug_is_found_and_shown_by_the_fewest_calls(
    sound_packs: dict[str, Pack], place: str, bug: PlantedBug, record_property: Callable[[str, object], None]
) -> None:
    pack = with_bug(sound_packs[place], bug)
    report = check_pack(pack)
    finding = _finding(report.findings, bug)
    record_property("found_after", finding.found_after)
    assert finding.counter_example is not None
    assert tuple(call.name for call in finding.counter_example.calls) == bug.calls
    (judgement,) = judge_examples(pack, [finding.counter_example])
    assert (bug.code, bug.tool, bug.invariant) in {
        (breach.code, breach.tool, breach.invariant) for breach in judgement.broken
    }


def _finding(findings: tuple[PackFinding, ...], bug: PlantedBug) -> PackFinding:
    found = {(finding.code, finding.tool, finding.invariant): finding for finding in findings}
    assert bug.key in found, findings
    return found[bug.key]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("place", ["travel", "studio"])
def test_the_packs_without_bugs_are_clean_whatever_the_seed(
    sound_packs: dict[str, Pack], place: str, seed: int
) -> None:
    assert check_pack(sound_packs[place], examples=48, seed=seed).errors == ()
