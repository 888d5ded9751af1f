"""Files made to harm: the audit says what is wrong with them, in little memory, and reads what it can."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from pyarrow import ipc, parquet

from tests.toolace_mt.auditing.measured import measured, openai_record

_PEAK_MB = 250
"""For any input; an audit of nothing takes about 70."""
_MIB = 1024 * 1024
_GOOD = json.dumps(openai_record("{}")).encode() + b"\n"


def _line(item: bytes, size: int) -> bytes:
    """One dialogue of about so many bytes, with the item in its arguments over and over."""
    before, after = json.dumps(openai_record("MARK")).encode().split(b'"MARK"')
    times = (size - len(before) - len(after)) // (len(item) + 1)
    return before + b'{"x":[' + b",".join([item] * times) + b"]}" + after + b"\n"


@pytest.mark.parametrize("item", [b"[]", b'{"a":0}', b'{"":[{}]}', b'"ab"', b"1.5", b"1e400", b'"\\ud800"'])
def test_a_long_line_of_many_small_values_takes_little_memory(item: bytes, tmp_path: Path) -> None:
    file = tmp_path / "hostile.jsonl"
    file.write_bytes(_line(item, 8 * _MIB - 1024) + _GOOD)
    done = measured(file)
    assert done.told["records"] == 2
    assert done.told["dialogues"] in (1, 2)
    assert done.peak_mb < _PEAK_MB


@pytest.mark.parametrize(
    "part",
    [b'{"role":"user","content":"a b"}', b'{"name":"f","arguments":{}}', b'{"name":"g","parameters":{}}'],
)
def test_a_record_of_very_many_messages_calls_or_tools_takes_little_memory(
    part: bytes, tmp_path: Path
) -> None:
    many = b",".join([part] * 40_000)
    record = {
        b"role": b'{"messages":[%s]}' % many,
        b"name": b'{"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[%s]}]}'
        % many,
    }[part[2:6]]
    if b"parameters" in part:
        record = b'{"messages":[{"role":"user","content":"a"}],"tools":[%s]}' % many
    file = tmp_path / "hostile.jsonl"
    file.write_bytes(record + b"\n" + _GOOD)
    done = measured(file, "--out", tmp_path / "out")
    assert done.told["records"] == 2
    assert done.peak_mb < _PEAK_MB


def _zeros(packing: str, size: int) -> bytes:
    if packing == "zst":
        return zstandard.ZstdCompressor().compress(bytes(size))
    return gzip.compress(bytes(size // 20), compresslevel=1) * 20


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_a_packed_bomb_is_one_record_that_is_too_long(packing: str, tmp_path: Path) -> None:
    file = tmp_path / f"bomb.jsonl.{packing}"
    file.write_bytes(_zeros(packing, 200 * _MIB))
    assert file.stat().st_size < _MIB
    done = measured(file)
    assert done.rules == ["TA001"]
    assert "longer than" in done.told["findings"][0]["message"]
    assert done.peak_mb < _PEAK_MB


@pytest.mark.parametrize("cut", [0, 3])
def test_a_packed_file_of_zstd_is_read_to_where_it_breaks_off(cut: int, tmp_path: Path) -> None:
    packed = zstandard.ZstdCompressor().compress(_GOOD * 50)
    file = tmp_path / "some.jsonl.zst"
    file.write_bytes(packed[: len(packed) - cut])
    done = measured(file)
    assert done.told["dialogues"] == (50 if cut == 0 else 0)
    assert done.rules == ([] if cut == 0 else ["TA001"])


def test_one_line_of_64_megabytes_in_a_pipe_is_one_finding_and_the_next_line_is_read() -> None:
    long_line = (b'{"x": "' if number == 0 else b"a" * _MIB for number in range(65))
    done = measured("-", parts=(*long_line, b'"}\n', _GOOD))
    assert (done.told["records"], done.told["dialogues"], done.rules) == (2, 1, ["TA001"])
    assert done.peak_mb < _PEAK_MB


def test_a_named_pipe_is_read_once_and_whole(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(_GOOD * 300,))
    writer.start()
    done = measured(pipe)
    writer.join()
    assert (done.told["records"], done.told["dialogues"]) == (300, 300)


def test_a_dataset_saved_to_the_disk_is_read_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    table = pa.Table.from_pylist([json.loads(_GOOD)] * 600)
    for shard in range(2):
        name = str(folder / f"data-0000{shard}-of-00002.arrow")
        with pa.OSFile(name, "wb") as sink, ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    for name in ("dataset_info.json", "state.json"):
        (folder / name).write_text('{"features": {}}', encoding="utf-8")
    done = measured(folder)
    assert (done.told["records"], done.told["dialogues"], done.rules) == (1200, 1200, [])
    assert done.peak_mb < _PEAK_MB


def test_a_parquet_file_holds_what_its_lines_would(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([json.loads(_GOOD)] * 600)
    parquet.write_table(table, tmp_path / "some.parquet")
    done = measured(tmp_path / "some.parquet")
    assert (done.told["records"], done.told["dialogues"], done.rules) == (600, 600, [])


_ODD_VALUES = (
    "1180591620717411303424",  # beyond 64 bits
    "-9223372036854775809",  # just below what a 64-bit number holds
    "-18446744073709551615",
    "1e400",
    "-1e400",
    "NaN",
    '"\\ud800"',
    '"\\u0000"',
    "'\\ud800'",
    "float('inf')",
    "10**400",
)


@pytest.mark.parametrize("value", _ODD_VALUES)
@pytest.mark.parametrize("shape", ["json", "python", "bracket"])
def test_odd_numbers_and_texts_in_arguments_end_no_audit(shape: str, value: str, tmp_path: Path) -> None:
    """In this process, for it needs no other: what is raised would be seen."""
    from toolace_mt import audit

    file = tmp_path / "odd.jsonl"
    file.write_text(json.dumps(_odd(shape, value)) + "\n" + _GOOD.decode(), encoding="utf-8")
    assert audit([file], out=tmp_path / "out").records == 2


def _odd(shape: str, value: str) -> dict[str, Any]:
    if shape == "json":
        return openai_record(f'{{"x": {value}}}')
    if shape == "python":
        call = f"<tool_call>{{'name': 'f', 'arguments': {{'x': {value}, 'y': [-{value}]}}}}</tool_call>"
    else:
        call = f"[f(x={value}, y=[{value}])]"
    system = 'You can call tools: [{"name": "f", "parameters": {"type": "dict", "properties": {}}}]'
    return {
        "system": system,
        "conversations": [{"from": "human", "value": "Do it."}, {"from": "gpt", "value": call}],
    }


def test_marks_and_ends_of_lines_of_other_systems_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "windows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + _GOOD.replace(b"\n", b"\r\n") * 3 + b"\x00\x00\r\n" + b"\r\n" + _GOOD)
    done = measured(file)
    assert (done.told["dialogues"], done.rules) == (4, ["TA001"])


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and the paths that were asked for."""
    paths: list[str] = []

    class _Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

    with ThreadingHTTPServer(("127.0.0.1", 0), _Listening) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", paths
        server.shutdown()
        thread.join()


def test_a_schema_that_refers_to_the_network_asks_nobody(
    asked: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, paths = asked
    schema = {"type": "object", "properties": {"x": {"$ref": f"{address}/schema.json"}}}
    file = tmp_path / "away.jsonl"
    file.write_text(json.dumps(openai_record('{"x": 5}', schema=schema)) + "\n", encoding="utf-8")
    done = measured(file)
    assert done.told["dialogues"] == 1
    assert paths == []
