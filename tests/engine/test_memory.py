"""Memory is set by what lives, never by how many dialogues are asked for."""

from tests.bench.models.memory import peak_megabytes


def test_four_times_as_many_dialogues_take_the_same_memory() -> None:
    # the first thousand fill SQLite's caches; `python -m tests.bench.models.memory` goes to a million
    few, many = peak_megabytes(3_000), peak_megabytes(12_000)
    assert many <= 1.1 * few
