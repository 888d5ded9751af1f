"""Runs that are killed, stopped or cut short by a budget, and then go on."""

import signal
import subprocess
from pathlib import Path

import anyio
import anyio.lowlevel
import orjson
import pytest

from tests.end_to_end.program import (
    WatchedServer,
    command,
    data_of,
    environment,
    records_of,
    run_program,
)
from tests.end_to_end.runs import COUNT, Reference, arguments

CONCURRENCY = 4
MOST_IN_FLIGHT = CONCURRENCY * 4  # a round fills at most four gaps of a dialogue at once


async def signalled(
    words: list[str], server: WatchedServer, *, after: int, sign: signal.Signals, times: int = 1
) -> int:
    """Start a run, send it a signal when the model has been asked so often, and give its exit status."""
    async with await anyio.open_process(
        command(*words), env=environment(), stdin=None, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        await server.asked_again(after)
        for _ in range(times):
            process.send_signal(sign)
            await anyio.lowlevel.checkpoint()
        with anyio.fail_after(30):
            return await process.wait()


async def test_a_run_that_is_killed_again_and_again_ends_with_the_same_files(
    reference: Reference, slow_server: WatchedServer, tmp_path: Path
) -> None:
    words = [*arguments(slow_server, tmp_path / "run"), "--concurrency", str(CONCURRENCY), "--resume"]
    kills = (1, reference.requests // 5, reference.requests // 3)
    for after in kills:
        status = await signalled(words, slow_server, after=after, sign=signal.SIGKILL)
        assert status == -signal.SIGKILL, "it ended before it was killed"
    finished = await run_program(*words)
    assert finished.status == 0, finished.err
    assert data_of(tmp_path / "run") == data_of(reference.folder)
    # What was answered and stored is never asked again; only what was on its way at a kill is lost.
    assert slow_server.requests <= reference.requests + len(kills) * MOST_IN_FLIGHT
    ledger = orjson.loads((tmp_path / "run" / "ledger.json").read_bytes())
    assert ledger["requests"] == reference.requests


async def test_a_run_that_is_interrupted_says_so_leaves_its_files_and_goes_on(
    reference: Reference, slow_server: WatchedServer, tmp_path: Path
) -> None:
    words = [*arguments(slow_server, tmp_path / "run"), "--concurrency", str(CONCURRENCY), "--resume"]
    status = await signalled(words, slow_server, after=reference.requests // 2, sign=signal.SIGINT)
    assert status == 130
    kept = records_of(tmp_path / "run")
    ledger = orjson.loads((tmp_path / "run" / "ledger.json").read_bytes())
    assert ledger["accepted"] == len(kept) < COUNT
    finished = await run_program(*words)
    assert finished.status == 0, finished.err
    assert data_of(tmp_path / "run") == data_of(reference.folder)


async def test_a_run_asked_for_more_keeps_the_earlier_lines(
    reference: Reference, server: WatchedServer, tmp_path: Path
) -> None:
    first = await run_program(*arguments(server, tmp_path / "run", count=3))
    assert first.status == 0, first.err
    early = (tmp_path / "run" / "dialogues.jsonl").read_bytes()
    before = server.requests
    second = await run_program(*arguments(server, tmp_path / "run"), "--resume")
    assert second.status == 0, second.err
    whole = data_of(tmp_path / "run")
    assert whole == data_of(reference.folder)
    assert whole["dialogues.jsonl"].startswith(early)
    assert server.requests - before < reference.requests
    fewer = await run_program(*arguments(server, tmp_path / "run", count=3), "--resume")
    assert fewer.status == 2
    assert "holds 8 accepted dialogues, and --count 3 is fewer" in fewer.complaint
    assert data_of(tmp_path / "run") == whole


@pytest.mark.parametrize("times", [2, 3])
async def test_a_run_that_is_interrupted_again_and_again_ends_at_once_and_loses_nothing(
    reference: Reference, slow_server: WatchedServer, tmp_path: Path, times: int
) -> None:
    words = [*arguments(slow_server, tmp_path / "run"), "--concurrency", str(CONCURRENCY), "--resume"]
    for share in (5, 3, 2):
        after = reference.requests // share // 2
        assert await signalled(words, slow_server, after=after, sign=signal.SIGINT, times=times) == 130
    finished = await run_program(*words)
    assert finished.status == 0, finished.err
    assert data_of(tmp_path / "run") == data_of(reference.folder)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
async def test_a_run_that_is_asked_to_end_leaves_its_files_as_after_ctrl_c(
    reference: Reference, slow_server: WatchedServer, tmp_path: Path, sign: signal.Signals
) -> None:
    words = [*arguments(slow_server, tmp_path / "run"), "--concurrency", str(CONCURRENCY), "--resume"]
    status = await signalled(words, slow_server, after=reference.requests // 2, sign=sign)
    assert status == 128 + sign
    ledger = orjson.loads((tmp_path / "run" / "ledger.json").read_bytes())
    assert ledger["accepted"] == len(records_of(tmp_path / "run")) < COUNT


async def test_a_finished_run_that_goes_on_asks_for_nothing(
    reference: Reference, server: WatchedServer
) -> None:
    before, files = server.requests, data_of(reference.folder)
    finished = await run_program(*arguments(server, reference.folder), "--resume")
    assert finished.status == 0, finished.err
    assert server.requests == before
    assert data_of(reference.folder) == files


async def test_a_spent_budget_stops_the_run_with_status_3_until_it_is_raised(
    reference: Reference, server: WatchedServer, tmp_path: Path
) -> None:
    words = [*arguments(server, tmp_path / "run"), "--resume"]
    before, most = server.requests, reference.requests // 4
    for _ in range(2):  # what is spent stays spent when the run goes on
        stopped = await run_program(*words, "--max-requests", str(most))
        assert stopped.status == 3
        assert server.requests - before <= most
        complaint = stopped.err.splitlines()[-1]
        assert "budget" in complaint
        assert "--resume" in complaint
        ledger = orjson.loads((tmp_path / "run" / "ledger.json").read_bytes())
        assert ledger["requests"] == server.requests - before
        assert ledger["accepted"] == len(records_of(tmp_path / "run")) < COUNT
    finished = await run_program(*words)
    assert finished.status == 0, finished.err
    assert data_of(tmp_path / "run") == data_of(reference.folder)
    assert server.requests - before == reference.requests
