"""Audits as processes: two in one directory, and what a terminal is shown of one."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.toolace_mt.auditing.measured import audit_process, measured, openai_record
from toolace_mt.auditing import AuditProgressed, audit

_GOOD = json.dumps(openai_record("{}")).encode() + b"\n"
_LONGEST_SECONDS = 30


def test_a_second_audit_of_the_same_directory_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with audit_process("-", "--out", out, stdin=subprocess.PIPE) as first:
        assert first.stdin is not None
        first.stdin.write(_GOOD)
        first.stdin.flush()
        _wait_for(out / ".audit.journal")
        file = tmp_path / "other.jsonl"
        file.write_bytes(_GOOD * 2)
        second = measured(file, "--out", out)
        first.stdin.close()
        first.stdin = None
        first.communicate(timeout=_LONGEST_SECONDS)
    assert second.status == 2
    assert f"another audit is writing to {out}" in second.complaint
    assert json.loads((out / "summary.json").read_bytes())["records"] == 1
    assert measured(file, "--out", out).told["records"] == 2


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not appear"
        select.select([], [], [], 0.01)


@contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)


def test_a_terminal_is_shown_rate_and_time_left_and_the_line_is_erased_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_bytes(_GOOD * 6_000)
    with _terminal() as (ours, theirs):
        words = [sys.executable, "-m", "toolace_mt", "audit", str(file), "--output", "json"]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "24"}
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
            os.close(theirs)
            shown = _all_shown(ours)
            out, _ = process.communicate(timeout=_LONGEST_SECONDS)
    assert json.loads(out)["records"] == 6_000
    assert re.search(r"[\d,]+ records, 0 findings, [\d,]+/s", shown)
    assert re.search(r"\d+%.*\d+:\d\d:\d\d", shown)
    assert shown.endswith(("\x1b[2K", "\x1b[?25h"))
    assert "\x1b[2K" in shown.rpartition("/s")[2]


def _all_shown(terminal: int) -> str:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)


def test_a_pipe_is_shown_nothing_while_the_audit_runs(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_bytes(_GOOD * 600)
    done = measured(file)
    assert (done.told["records"], done.complaint) == (600, "")


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "parquet"])
def test_the_bytes_read_reach_the_size_on_the_disk_packed_or_not(ending: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.{ending}" for name in ("one", "two")]
    for file in files:
        if ending == "parquet":
            table = pa.Table.from_pylist([json.loads(_GOOD)] * 600)
            parquet.write_table(table, file)
        else:
            text = b"".join(_GOOD.replace(b"Done", b"Done %d" % number) for number in range(600))
            file.write_bytes(gzip.compress(text) if ending == "jsonl.gz" else text)
    seen: list[AuditProgressed] = []
    audit(files, watch=seen.append)
    size = sum(file.stat().st_size for file in files)
    read = [progressed.bytes_read for progressed in seen]
    assert {progressed.bytes_total for progressed in seen} == {size}
    assert read == sorted(read)
    assert read[-1] == size


def test_a_script_needs_no_guard_for_its_jobs_and_is_run_once(tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    file.write_bytes(_GOOD)
    script = tmp_path / "script.py"
    script.write_text(f"import toolace_mt\nprint(toolace_mt.audit({str(file)!r}, jobs=2).records)\n")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")
