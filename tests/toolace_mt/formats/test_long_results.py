"""A results file longer than any record is cut at its simulations, in bounded memory."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.formats import Unreadable, parse_record, raw_records, read_records
from toolace_mt.formats.json_list import list_items
from toolace_mt.formats.json_members import cut_member
from toolace_mt.formats.json_scan import TooLong
from toolace_mt.transcript import Place, Transcript

RESULTS = Path(__file__).parents[3] / "fixtures" / "datasets" / "tau2_results.json"
LIMIT = 3 * 1024 * 1024 // 2
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(-9, 9) | st.text('a"\\[]{},é', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('n"]', max_size=3), inner, max_size=3)
    ),
)


def cut(text: bytes, cuts: list[int], limit: int = 10_000) -> list[bytes | TooLong]:
    places = [0, *sorted(cuts), len(text)]
    chunks = [text[start:end] for start, end in pairwise(places)]
    return list(cut_member(iter(chunks), name=b"list", kept=b"info", limit=limit))


@given(
    before=st.dictionaries(st.sampled_from(["info", "a", "simulations"]), VALUES),
    items=st.lists(VALUES, max_size=4),
    after=st.dictionaries(st.sampled_from(["z", "y"]), VALUES),
    data=st.data(),
    indent=st.sampled_from([None, 1]),
)
def test_an_object_cut_anywhere_gives_one_piece_for_each_item(
    before: dict[str, Any], items: list[Any], after: dict[str, Any], data: st.DataObject, indent: int | None
) -> None:
    whole = {**before, "list": items, **after}
    text = json.dumps(whole, ensure_ascii=False, indent=indent).encode()
    found = cut(text, data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    info = {"info": before["info"]} if "info" in before else {}
    assert [json.loads(piece) for piece in found if isinstance(piece, bytes)] == [
        {"list": [item], **info} for item in items
    ]


@pytest.mark.parametrize("text", [b'{"list": [1, 2', b'{"list": [1, 2]', b'{"a": "'])
def test_an_object_that_does_not_end_says_so(text: bytes) -> None:
    last = cut(text, [])[-1]
    assert isinstance(last, TooLong)
    assert "does not end" in last.reason


def test_an_object_nested_too_deeply_is_not_said_to_be_cut_off() -> None:
    last = cut(b'{"list": ' + b"[" * 2000, [])[-1]
    assert isinstance(last, TooLong)
    assert "nested too deeply" in last.reason


def test_an_item_beyond_the_limit_is_named_and_the_others_are_kept() -> None:
    first, second, third = cut(b'{"list": [1, "%s", 3]}' % (b"x" * 500), [], limit=100)
    assert (first, third) == (b'{"list": [1]}', b'{"list": [3]}')
    assert isinstance(second, TooLong)


@pytest.mark.parametrize("indent", [None, 2])
def test_long_results_give_the_dialogues_that_short_ones_do(tmp_path: Path, indent: int | None) -> None:
    whole = json.loads(RESULTS.read_text())
    path = tmp_path / "results.json"
    whole["simulations"] *= 2 * LIMIT // len(json.dumps(whole["simulations"]))
    path.write_text(json.dumps(whole, indent=indent))
    short, long = _read(path, 10 * LIMIT), _read(path, LIMIT)
    assert [content_of(one) for one in long] == [content_of(one) for one in short]


def content_of(found: Transcript | Unreadable) -> object:
    assert isinstance(found, Transcript)
    return found.id, found.messages, found.tools


def _read(path: Path, limit: int) -> list[Transcript | Unreadable]:
    place = Place(file=path.name, record=0)
    records = list(raw_records(path, max_record_bytes=limit))
    assert all(parse_record(record) for record in records)
    return [found for record in records for found in read_records(record, place, None)]


def test_a_file_of_opening_brackets_is_not_followed_to_its_end() -> None:
    asked: list[int] = []

    def endless() -> Iterator[bytes]:
        for number in range(100):
            asked.append(number)
            yield b"[" * 2000

    (last,) = list_items(endless(), 10_000)
    assert isinstance(last, TooLong)
    assert "too deeply" in last.reason
    assert asked == [0]
