"""Files that are there whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from toolace_mt.whole_files import write_whole


def broken() -> Iterator[bytes]:
    yield b"half a file\n"
    raise KeyboardInterrupt


def test_a_file_is_written_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    for text in (b"one\n", b"two\n"):
        write_whole(path, [text, text])
        assert path.read_bytes() == text * 2
    assert [file.name for file in tmp_path.iterdir()] == ["lines.jsonl"]


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".lines.jsonl.4711.part").write_bytes(b"half")
    (tmp_path / ".other.jsonl.4711.part").write_bytes(b"somebody else's")
    write_whole(tmp_path / "lines.jsonl", [b"x"])
    assert {file.name for file in tmp_path.iterdir()} == {"lines.jsonl", ".other.jsonl.4711.part"}


def test_an_interrupted_write_leaves_what_was_there_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    write_whole(path, [b"before\n"])
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, broken())
    assert path.read_bytes() == b"before\n"
    assert [file.name for file in tmp_path.iterdir()] == ["lines.jsonl"]


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "lines.jsonl"
    with pytest.raises(FileNotFoundError) as raised:
        write_whole(path, [b"x"])
    assert raised.value.filename == str(path)
