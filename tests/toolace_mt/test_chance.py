"""Chance that depends on the seed and the purpose alone."""

from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.chance import derived_seed, source_of_chance

PURPOSES = st.lists(st.integers(0, 99) | st.text("abc", max_size=3), max_size=3)


def test_a_seed_gives_this_very_number_on_every_machine() -> None:
    assert derived_seed(0, "dialogue", 1) == 7028625417680205824


@given(seed=st.integers(), first=PURPOSES, second=PURPOSES)
def test_different_purposes_have_different_chance(
    seed: int, first: list[int | str], second: list[int | str]
) -> None:
    same = list(map(str, first)) == list(map(str, second))
    assert (derived_seed(seed, *first) == derived_seed(seed, *second)) is same
    assert 0 <= derived_seed(seed, *first) < 2**63


@given(seed=st.integers(), draws=st.integers(0, 5))
def test_draws_for_one_purpose_never_shift_those_for_another(seed: int, draws: int) -> None:
    other = source_of_chance(seed, "mask", 0)
    for _ in range(draws):
        other.random()
    assert source_of_chance(seed, "mask", 1).random() == source_of_chance(seed, "mask", 1).random()
