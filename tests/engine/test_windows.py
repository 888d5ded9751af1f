"""The rolling sum of a minute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.windows import RollingWindow


@given(
    limit=st.integers(1, 50),
    arrivals=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 60)), max_size=60),
)
def test_no_minute_ever_holds_more_than_the_limit_except_one_that_is_larger_and_alone(
    limit: int, arrivals: list[tuple[float, int]]
) -> None:
    window = RollingWindow(limit)
    now = 0.0
    let_in: list[tuple[float, int]] = []
    for gap, size in arrivals:
        now += gap
        at = window.room_at(now, size)
        if at is not None:
            assert at > now
            now = at
            assert window.room_at(now, size) is None, "the time it named was enough"
        window.add(now, size)
        let_in.append((now, size))
    for end, _ in let_in:
        inside = [size for at, size in let_in if at <= end < at + 60]
        assert sum(inside) <= limit or len(inside) == 1


@given(sizes=st.lists(st.integers(0, 20), min_size=1), corrected=st.integers(0, 40))
def test_correcting_an_entry_changes_the_sum_by_the_difference(sizes: list[int], corrected: int) -> None:
    window = RollingWindow(10_000)
    entries = [window.add(float(number), size) for number, size in enumerate(sizes[:50])]
    window.correct(entries[0], corrected, 50.0)
    assert window.used(50.0) == sum(sizes[:50]) - sizes[0] + corrected
    assert window.used(200.0) == 0


def test_an_entry_corrected_after_it_rolled_off_changes_nothing() -> None:
    window = RollingWindow(10)
    entry = window.add(0.0, 5)
    window.correct(entry, 9, 61.0)
    assert window.used(61.0) == 0


def test_a_window_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(ValueError, match="let something through"):
        RollingWindow(0)
