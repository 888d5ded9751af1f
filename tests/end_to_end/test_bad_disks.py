"""Disks that are full, limited or read-only: one line, nothing harmed, and the run goes on afterwards."""

import shutil
import subprocess
import sys
from pathlib import Path

import anyio
import orjson
import pytest

from tests.end_to_end.program import Finished, WatchedServer, command, data_of, environment
from tests.end_to_end.runs import Reference, arguments

LIMITED = (
    "import resource, sys; n = int(sys.argv.pop(1)); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n)); "
)
PROGRAM = "from toolace_mt.cli import main; main()"


def can_mount() -> bool:
    """A small disk of one's own needs a namespace in which one may mount."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


async def run_words(*words: str) -> Finished:
    with anyio.fail_after(90):
        done = await anyio.run_process(words, check=False, env=environment())
    return Finished(status=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def is_whole_or_absent(run: Path) -> bool:
    """No data file is half written."""
    for name in ("dialogues.jsonl", "rejected.jsonl", "preferences.jsonl"):
        file = run / name
        if file.exists():
            content = file.read_bytes()
            if content and not content.endswith(b"\n"):
                return False
            [orjson.loads(line) for line in content.splitlines()]
    return not list(run.glob("*.part"))


@pytest.mark.parametrize("kilobytes", [8, 250])
async def test_a_limit_on_file_sizes_costs_one_line_and_the_run_goes_on_without_it(
    reference: Reference, server: WatchedServer, tmp_path: Path, kilobytes: int
) -> None:
    words = [*arguments(server, tmp_path / "run"), "--resume"]
    before = server.requests
    stopped = await run_words(sys.executable, "-B", "-c", LIMITED + PROGRAM, str(kilobytes * 1024), *words)
    assert stopped.status == 2, stopped.err
    assert "Traceback" not in stopped.err
    assert str(tmp_path / "run") in stopped.err.splitlines()[-1]
    assert is_whole_or_absent(tmp_path / "run")
    finished = await run_words(*command(*words))
    assert finished.status == 0, finished.err
    assert data_of(tmp_path / "run") == data_of(reference.folder)
    in_flight = 8 * 4  # lost with the reply that found the disk full, as at a kill
    assert server.requests - before <= reference.requests + in_flight


@pytest.mark.skipif(not can_mount(), reason="no disk of one's own can be mounted here")
@pytest.mark.parametrize("trouble", ["size=300k", "ro"])
async def test_a_full_or_read_only_disk_costs_one_line_and_the_run_goes_on_when_it_is_better(
    reference: Reference, server: WatchedServer, tmp_path: Path, trouble: str
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    words = " ".join([*command(*arguments(server, disk / "run")), "--resume"])
    script = f"""
        mount -t tmpfs -o {trouble} none {disk}
        {words} 2>{tmp_path}/err; echo $? >{tmp_path}/status
        mount -o remount,rw,size=64m {disk}
        {words} || exit $?
        cp -r {disk}/run {tmp_path}/saved
    """
    finished = await run_words("unshare", "-rm", "sh", "-c", script)
    assert finished.status == 0, finished.err
    assert (tmp_path / "status").read_text().strip() == "2"
    said = (tmp_path / "err").read_text()
    assert "Traceback" not in said
    assert str(disk) in said.splitlines()[-1]
    assert data_of(tmp_path / "saved") == data_of(reference.folder)
