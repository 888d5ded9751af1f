"""SIGKILL at random moments of runs with 8 to 64 requests in flight."""

from pathlib import Path

from tests.bench.models.kills import kill_study


async def test_runs_that_are_killed_anywhere_end_with_the_files_of_one_that_was_not(tmp_path: Path) -> None:
    seen = await kill_study(12, tmp_path, count=6, seed=1)
    assert seen.kills == 12
    assert seen.differing == 0
    assert seen.repeats <= seen.most_repeats
