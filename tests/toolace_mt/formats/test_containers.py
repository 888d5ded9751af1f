"""Files give up their records one by one, whatever their shape and however broken they are."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from toolace_mt.formats import NotJsonError, parse_json, parse_record, raw_records
from toolace_mt.formats.json_list import list_items

RECORDS: list[Any] = [{"a": 1}, {"b": '"]}, {['}, {"c": "\\"}, {"d": [[], {}]}]


def values(path: Path, limit: int = 10_000) -> list[Any]:
    return [record.reason or parse_record(record) for record in raw_records(path, max_record_bytes=limit)]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(json.dumps(record) for record in RECORDS),
        "\r\n".join(json.dumps(record) for record in RECORDS) + "\r\n\r\n",
        "\ufeff\n" + "\n\n".join(json.dumps(record) for record in RECORDS),
        json.dumps(RECORDS),
        json.dumps(RECORDS, indent=2),
        "\ufeff " + json.dumps(RECORDS, separators=(",", ":")) + "\n",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_lines_and_lists_plain_and_packed_give_the_same_records(
    tmp_path: Path, text: str, packed: bool
) -> None:
    path = tmp_path / "data"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert values(path) == RECORDS


@pytest.mark.parametrize("text", ["[1, 2]\n[3]\n", "[1, 2]\n\n[3]", "[[1, 2],\n[3]]\n", "[[1, 2], [3]]\n\n"])
def test_lines_that_are_lists_are_records_like_those_of_a_list_of_lists(tmp_path: Path, text: str) -> None:
    path = tmp_path / "data"
    path.write_text(text)
    assert values(path) == [[1, 2], [3]]


TURNS = '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]'


@pytest.mark.parametrize(
    ("lines", "readable"),
    [
        ([TURNS, '{"messages": []}', TURNS], 3),
        ([TURNS, "garbage", TURNS, TURNS], 3),
        (['[{"role": "user", "content": "', TURNS, TURNS], 2),
    ],
)
def test_lines_that_are_dialogues_are_records_whatever_the_other_lines_are(
    tmp_path: Path, lines: list[str], readable: int
) -> None:
    path = tmp_path / "lines"
    path.write_text("\n".join(lines))
    records = list(raw_records(path))
    assert [record.text.decode() for record in records] == [line.strip() for line in lines]
    assert sum(TURNS.encode() == record.text or b"messages" in record.text for record in records) == readable


def test_a_list_over_several_lines_is_a_list_wherever_they_are_broken(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text('[{"a":\n[1, 2]}, {"role": "user"},\n{"b": 1}]')
    assert values(path) == [{"a": [1, 2]}, {"role": "user"}, {"b": 1}]


@pytest.mark.parametrize("kept", [0, 4, 300])
def test_a_broken_table_ends_in_a_record_that_says_so(tmp_path: Path, kept: int) -> None:
    parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    path = tmp_path / "rows.parquet"
    parquet.write_table(arrow.table({"a": list(range(100))}), path)
    path.write_bytes(path.read_bytes()[:kept])
    (record,) = raw_records(path)
    assert record.reason is not None
    assert record.reason.startswith("the table is broken here: ")


def test_one_object_over_several_lines_is_one_record(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"a": [1, {"b": 2}]}, indent=2))
    assert values(path) == [{"a": [1, {"b": 2}]}]


def test_a_broken_first_line_does_not_swallow_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text('{"a": \n{"b": 1}\n{"c": 2}')
    records = list(raw_records(path))
    assert [record.text for record in records] == [b'{"a":', b'{"b": 1}', b'{"c": 2}']


@pytest.mark.parametrize("text", ["", "\n\n", "[]", " [ ]\n"])
def test_a_file_without_records_gives_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "empty"
    path.write_text(text)
    assert values(path) == []


@pytest.mark.parametrize(("text", "reason"), [("[1, 2", "does not end"), ("[1, 2] 3", "more after the end")])
def test_a_list_that_does_not_end_well_says_so_in_a_last_record(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "list"
    path.write_text(text)
    assert reason in values(path)[-1]


def test_a_record_beyond_the_limit_is_named_and_the_next_one_read(tmp_path: Path) -> None:
    long, short = json.dumps({"a": "x" * 3000}), json.dumps({"b": 1})
    (tmp_path / "lines").write_text(f"{short}\n{long}\n{short}")
    (tmp_path / "first").write_text(f"{long}\n{short}")
    (tmp_path / "list").write_text(f"[{short}, {long}, {short}]")
    too_long = "the record is longer than 1000 bytes"
    assert values(tmp_path / "lines", 1000) == [{"b": 1}, too_long, {"b": 1}]
    assert values(tmp_path / "first", 1000) == [too_long, {"b": 1}]
    assert values(tmp_path / "list", 1000) == [{"b": 1}, too_long, {"b": 1}]


def test_a_gzip_file_that_breaks_off_ends_in_a_record_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n' * 50_000)[:-20])
    records = list(raw_records(path))
    assert records[-1].reason is not None
    assert "broken" in records[-1].reason


DEEPER = ["[" * 5000 + "]" * 5000, '{"a":' * 101 + "1" + "}" * 101, '[{"a":' * 51 + "1" + "}]" * 51]


@pytest.mark.parametrize("text", DEEPER)
def test_json_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(NotJsonError, match="nested deeper"):
        parse_json(text)


@pytest.mark.parametrize("text", ['{"a":' * 100 + "1" + "}" * 100, "[" + "[[]]," * 200 + '["[[["]]'])
def test_json_within_the_depth_is_read(text: str) -> None:
    assert parse_json(text) == json.loads(text)


def test_brackets_in_strings_are_not_depth() -> None:
    assert parse_json(json.dumps(["[" * 500])) == ["[" * 500]


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text('a"\\[]{},é', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab]"', max_size=3), inner, max_size=3)
    ),
)


@given(items=st.lists(JSON, max_size=5), data=st.data(), indent=st.sampled_from([None, 1]))
def test_a_list_cut_anywhere_gives_its_items(
    items: list[Any], data: st.DataObject, indent: int | None
) -> None:
    text = json.dumps(items, ensure_ascii=False, indent=indent).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    found = [item for item in list_items(iter(chunks), 10_000) if isinstance(item, bytes)]
    assert [json.loads(item) for item in found] == items


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=80))
def test_any_bytes_are_read_without_a_crash_or_a_silent_loss(tmp_path: Path, content: bytes) -> None:
    assume(not content.startswith(b"\x28\xb5\x2f\xfd"))  # zstd, which needs a library
    path = tmp_path / "bytes"
    path.write_bytes(content)
    found = list(raw_records(path))
    blank = not content.removeprefix(b"\xef\xbb\xbf").strip()
    assert bool(found) or blank or content.lstrip(b"\xef\xbb\xbf \n\r\t").startswith(b"[")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_one_record_that_says_so(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes('\ufeff{"messages": []}\n{}\n'.encode(encoding))
    (record,) = raw_records(path)
    assert record.reason is not None
    assert "UTF-16" in record.reason
