"""SIGKILL at random moments of runs with 8 to 64 requests in flight.

``python -m tests.bench.models.kills 200`` does the same with all packs, and far oftener.
"""

from pathlib import Path

from tests.bench.models.kills import kill_study


async def test_runs_that_are_killed_anywhere_end_with_the_files_of_one_that_was_not(tmp_path: Path) -> None:
    seen = await kill_study(6, tmp_path, count=4, packs=("retail",), seed=1)
    assert seen.kills == 6
    assert seen.differing == 0
    assert seen.repeats <= seen.most_repeats
