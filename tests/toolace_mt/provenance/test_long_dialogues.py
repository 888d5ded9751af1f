"""A dialogue of twice as many turns takes twice the work, wherever its values come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.counting import lines_run
from toolace_mt.checks import judge
from toolace_mt.provenance import forget_texts, trace
from toolace_mt.provenance.source import SourceKind
from toolace_mt.provenance.spoken import Said, Spoken
from toolace_mt.provenance.words import compact, normalised
from toolace_mt.transcript import JsonValue, Message, RecordedCall, Transcript

VALUES: dict[str, Callable[[int], JsonValue]] = {
    "an id that the user said": lambda turn: f"K{turn:05}",
    "words that the user said": lambda turn: f"lamp of K{turn:05}",
    "a leaf of a result": lambda turn: f"R{turn - 1:05}" if turn else "go",
    "words inside a result": lambda turn: f"box {turn - 1:05} is packed" if turn else "go",
    "a number that the user said": lambda turn: 100_000 + turn,
    "a number in a result": lambda turn: turn - 0.25 if turn else 0,
    "a number that nobody said": lambda turn: 7_000_000 + 3 * turn,
    "words that the assistant said": lambda turn: f"tray {turn - 1:05}" if turn else "go",
    "words in another form": lambda turn: f"packing many lamps {turn:05}",
    "an id that nobody said": lambda turn: f"XY{turn:05}",
}


def dialogue(turns: int, value: Callable[[int], JsonValue]) -> Transcript:
    return Transcript(id="d", messages=tuple(messages(turns, value)))


def messages(turns: int, value: Callable[[int], JsonValue]) -> Iterator[Message]:
    for turn in range(turns):
        yield Message(
            role="user", text=f"Take the lamp of K{turn:05} for {100_000 + turn}, 买灯{turn:05}给我。"
        )
        call = RecordedCall(name="pack", arguments={"what": value(turn)}, id=f"c{turn}")
        yield Message(role="assistant", calls=(call,))
        result: JsonValue = {
            "id": f"R{turn:05}",
            "told": f"The box {turn:05} is packed now.",
            "sum": turn + 0.75,
        }
        yield Message(role="tool", value=result, call_id=f"c{turn}")
        yield Message(role="assistant", text=f"It lies on tray {turn:05}.")


def growth(look: Callable[[Transcript], object], value: Callable[[int], JsonValue]) -> float:
    """Give how much more work twice the turns are; what was remembered of texts is forgotten before each."""
    work = []
    for turns in (100, 200):
        forget_texts()
        work.append(lines_run(partial(look, dialogue(turns, value))))
    return work[1] / work[0]


@pytest.mark.parametrize("kind", VALUES)
def test_the_sources_of_twice_the_turns_take_about_twice_the_work(kind: str) -> None:
    assert growth(trace, VALUES[kind]) < 2.3


def test_all_checks_of_twice_the_turns_take_about_twice_the_work() -> None:
    assert growth(judge, VALUES["an id that the user said"]) < 2.3


WORDS = st.lists(st.sampled_from(["box", "lamp", "a", "灯", "买灯", "é1", "k7"]), min_size=1, max_size=4)


@given(said=st.lists(WORDS, max_size=80), sought=WORDS)
def test_of_many_texts_the_first_that_holds_the_words_is_found(
    said: list[list[str]], sought: list[str]
) -> None:
    spoken = Spoken()
    needle = normalised(" ".join(sought))
    for turn, words in enumerate(said):
        spoken.add(Said(SourceKind.USER, turn, " ".join(words)))
        if turn % 7 == 0:
            spoken.saying(needle)
    bare = needle if needle.isascii() else needle.strip()
    assert spoken.saying(needle) == next((one for one in spoken.texts if bare in normalised(one.text)), None)


@given(said=st.lists(WORDS, max_size=80), sought=WORDS)
def test_of_many_texts_the_first_whose_neighbouring_words_make_up_a_string_is_found(
    said: list[list[str]], sought: list[str]
) -> None:
    many = Spoken()
    alone = []
    for turn, words in enumerate(said):
        one = Said(SourceKind.USER, turn, " ".join(words))
        many.add(one)
        alone.append(Spoken())
        alone[-1].add(one)
    squeezed = compact(" ".join(sought))
    found = (spoken.squeezing(squeezed) for spoken in alone)
    assert many.squeezing(squeezed) == next((one for one in found if one is not None), None)
