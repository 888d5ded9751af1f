"""The filter before the journal: it may be wrong in one direction only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.seen import SeenDigests


@given(st.lists(st.text(), max_size=50))
def test_what_was_added_is_never_forgotten(digests: list[str]) -> None:
    seen = SeenDigests()
    for digest in digests:
        seen.add(digest)
        assert seen.may_hold(digest)
    assert all(seen.may_hold(digest) for digest in digests)


def test_of_what_was_not_added_nearly_nothing_seems_so() -> None:
    seen = SeenDigests()
    for number in range(20_000):
        seen.add(f"added {number}")
    assert sum(seen.may_hold(f"other {number}") for number in range(20_000)) < 20
