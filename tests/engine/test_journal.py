"""The journal: durable, for one writer, and clear about what is wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from engine import ChatReply, Journal, JournalError, Usage, open_journal, writer_of

REPLY = ChatReply(
    text='{"a": "ü\u2028"}',
    model="m-2025",
    finish_reason="length",
    usage=Usage(prompt_tokens=3, completion_tokens=4, estimated=True),
)


async def test_what_was_stored_is_read_back_equal_also_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    async with open_journal(path) as journal:
        assert journal.reply("d1") is None
        await journal.store_reply("d1", "refine.user", REPLY)
        assert journal.reply("d1") == REPLY
        await journal.set_meta("config", "{}")
        await journal.store_job("b", "accepted", '{"n": 2}')
        await journal.store_job("a", "rejected", "{}")
        journal.note_event("width_changed", "{}")
    async with open_journal(path, create=False) as journal:
        assert journal.reply("d1") == REPLY
        assert journal.meta("config") == "{}"
        assert journal.meta("nothing") is None
        assert [(job.key, job.status) for job in journal.jobs()] == [("a", "rejected"), ("b", "accepted")]
        assert journal.job("b") is not None
        assert journal.job("c") is None
        assert journal.job_counts() == {"accepted": 1, "rejected": 1}
    with Journal.read_only(path) as reader:
        assert [event.kind for event in reader.events()] == ["width_changed"]


async def test_reading_a_closed_journal_leaves_no_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    async with open_journal(path) as journal:
        await journal.store_reply("d1", "refine.user", REPLY)
    before = _names(tmp_path)
    with Journal.read_only(path) as reader:
        assert reader.reply("d1") == REPLY
        assert _names(tmp_path) == before


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_the_first_reply_to_a_request_stays(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        await journal.store_reply("d", "p", REPLY)
        await journal.store_reply("d", "p", ChatReply(text="other", model="m"))
        assert journal.reply("d") == REPLY


async def test_totals_add_up_by_purpose(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        for number, purpose in enumerate(["plan", "refine", "refine"]):
            await journal.store_reply(str(number), purpose, REPLY)
        totals = journal.totals()
    assert {purpose: (total.requests, total.usage.total_tokens) for purpose, total in totals.items()} == {
        "plan": (1, 7),
        "refine": (2, 14),
    }


async def test_many_at_once_share_commits_and_all_are_stored(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        statements: list[str] = []
        journal._writer.set_trace_callback(statements.append)
        async with anyio.create_task_group() as group:
            for number in range(300):
                group.start_soon(journal.store_reply, f"{number:03}", "p", REPLY)
        assert journal.totals()["p"].requests == 300
        assert statements.count("COMMIT") < 30


async def test_a_cancelled_writer_blocks_nobody(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        with anyio.fail_after(10):
            for round_number in range(20):
                async with anyio.create_task_group() as kept, anyio.create_task_group() as dropped:
                    for number in range(6):
                        group = dropped if number % 2 else kept
                        group.start_soon(journal.store_reply, f"{round_number} {number}", "p", REPLY)
                    for _ in range(round_number % 5):
                        await anyio.lowlevel.checkpoint()
                    dropped.cancel_scope.cancel()
        for round_number in range(20):
            for number in (0, 2, 4):
                assert journal.reply(f"{round_number} {number}") == REPLY


async def test_writers_that_come_one_after_the_other_in_a_busy_run_share_commits_too(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        statements: list[str] = []
        journal._writer.set_trace_callback(statements.append)

        async def write(worker: int) -> None:
            for number in range(20):
                await journal.store_reply(f"{worker} {number}", "p", REPLY)

        async with anyio.create_task_group() as group:
            for worker in range(20):
                group.start_soon(write, worker)
        assert journal.totals()["p"].requests == 400
        assert statements.count("COMMIT") < 50


async def test_who_is_cancelled_while_others_gather_leaves_the_lead_to_them(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        with anyio.fail_after(10):
            for round_number in range(5):
                await _be_busy(journal, round_number)
                async with anyio.create_task_group() as kept, anyio.create_task_group() as dropped:
                    dropped.start_soon(journal.store_reply, f"{round_number} first", "p", REPLY)
                    await anyio.lowlevel.checkpoint()  # it leads now, and waits for others
                    for number in range(round_number):
                        kept.start_soon(journal.store_reply, f"{round_number} {number}", "p", REPLY)
                    dropped.cancel_scope.cancel()
    with Journal.read_only(tmp_path / "run.sqlite") as reader:
        for round_number in range(5):
            assert reader.reply(f"{round_number} first") == REPLY
            assert all(reader.reply(f"{round_number} {number}") == REPLY for number in range(round_number))


async def test_a_cancellation_that_knows_no_shields_breaks_no_commit(tmp_path: Path) -> None:
    """Asyncio's own: what its Ctrl-C and its timeouts do to the task that they strike."""
    async with open_journal(tmp_path / "run.sqlite") as journal:
        with anyio.fail_after(10):
            for steps in range(40):
                struck = asyncio.create_task(journal.store_reply(f"{steps} struck", "p", REPLY))
                beside = asyncio.create_task(journal.store_reply(f"{steps} beside", "p", REPLY))
                for _ in range(steps % 8):
                    await anyio.lowlevel.checkpoint()
                struck.cancel()
                await asyncio.wait([struck])
                await beside
                assert journal.reply(f"{steps} beside") == REPLY
                assert struck.cancelled() or journal.reply(f"{steps} struck") == REPLY


async def _be_busy(journal: Journal, round_number: int) -> None:
    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(journal.store_reply, f"busy {round_number} {number}", "p", REPLY)


async def test_a_row_that_cannot_be_written_is_no_success_for_those_that_came_with_it(tmp_path: Path) -> None:
    errors: list[Exception] = []

    async def store(digest: str, text: str) -> None:
        try:
            await journal.store_reply(digest, "p", ChatReply(text=text, model="m"))
        except (JournalError, UnicodeEncodeError) as error:
            errors.append(error)

    async with open_journal(tmp_path / "run.sqlite") as journal:
        async with anyio.create_task_group() as group:
            group.start_soon(store, "d1", "half of a pair: \ud800")
            group.start_soon(store, "d2", "ordinary")
        await store("d3", "later")
        assert journal.reply("d2") is journal.reply("d3") is None
    assert len(errors) == 3
    assert sum(isinstance(error, JournalError) for error in errors) == 2


async def test_a_reply_of_this_session_is_found_among_thousands(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        async with anyio.create_task_group() as group:
            for number in range(2_000):
                group.start_soon(journal.store_reply, f"d{number}", "p", REPLY)
        assert all(journal.reply(f"d{number}") == REPLY for number in range(2_000))


async def test_jobs_are_listed_in_order_whatever_their_number(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        async with anyio.create_task_group() as group:
            for number in reversed(range(700)):
                group.start_soon(journal.store_job, f"{number:04}", "accepted", "{}")
        assert [job.key for job in journal.jobs()] == [f"{number:04}" for number in range(700)]


async def test_a_second_writer_is_refused_and_told_the_folder(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite"):
        with pytest.raises(JournalError, match="already writing") as caught:
            async with open_journal(tmp_path / "run.sqlite"):
                pass
        assert str(tmp_path) in str(caught.value)
    async with open_journal(tmp_path / "run.sqlite"):
        pass


async def test_a_running_journal_can_be_read_by_others(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        await journal.store_job("a", "accepted", "{}")
        with Journal.read_only(tmp_path / "run.sqlite") as reader:
            assert reader.job_counts() == {"accepted": 1}
            await journal.store_job("b", "accepted", "{}")
            assert reader.job_counts() == {"accepted": 2}


async def test_jobs_are_counted_by_a_field_of_their_outcomes_and_the_last_event_of_a_kind_is_found(
    tmp_path: Path,
) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        for key, status, outcome in (
            ("a", "accepted", '{"rule": null}'),
            ("b", "rejected", '{"rule": "TA401"}'),
            ("c", "rejected", '{"rule": "TA401"}'),
            ("d", "rejected", "{}"),
        ):
            journal.note_event("width_changed", f'"{key}"')
            await journal.store_job(key, status, outcome)
        with Journal.read_only(tmp_path / "run.sqlite") as reader:
            assert reader.job_counts_by("rule") == {
                ("accepted", None): 1,
                ("rejected", None): 1,
                ("rejected", "TA401"): 2,
            }
            last = reader.last_event("width_changed")
            assert last is not None
            assert last.detail == '"d"'
            assert reader.last_event("gate_closed") is None


async def test_the_writer_of_a_journal_is_known_while_it_writes_and_only_then(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    assert writer_of(path) is None
    async with open_journal(path):
        assert writer_of(path) == os.getpid()
    assert writer_of(path) is None


def torn(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA application_id = 1413565780")
        database.execute("PRAGMA user_version = 1")
        database.execute("CREATE TABLE replies (digest TEXT, text TEXT)")
        database.executemany("INSERT INTO replies VALUES (?, ?)", [(str(n), "x" * 3000) for n in range(99)])
    database.close()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def another_programs(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE songs (name TEXT)")
    database.close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b"not a database at all" * 99), "damaged or is not a journal"),
        (torn, "damaged"),
        (another_programs, "another program"),
        (lambda path: path.mkdir(), "cannot be opened"),
    ],
)
async def test_a_file_that_is_no_good_is_refused_in_one_line(
    tmp_path: Path, spoil: object, words: str
) -> None:
    path = tmp_path / "run.sqlite"
    assert callable(spoil)
    spoil(path)
    with pytest.raises(JournalError, match=words) as caught:
        async with open_journal(path):
            pass
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


async def test_a_missing_folder_and_a_missing_journal_are_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="choose another folder"):
        async with open_journal(tmp_path / "nowhere" / "run.sqlite"):
            pass
    with pytest.raises(JournalError, match="there is no journal"):
        async with open_journal(tmp_path / "run.sqlite", create=False):
            pass
    with pytest.raises(JournalError, match="there is no journal"):
        Journal.read_only(tmp_path / "run.sqlite")


async def test_a_full_disk_breaks_the_journal_with_one_clear_error(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        await journal.store_reply("kept", "p", REPLY)
        journal._writer.execute("PRAGMA max_page_count = 12")
        large = ChatReply(text="x" * 200_000, model="m")
        for _ in range(2):
            with pytest.raises(JournalError, match="no space is left"):
                await journal.store_reply("lost", "p", large)
        assert journal.reply("kept") == REPLY
        assert journal.reply("lost") is None


CHILD = """
import sys, anyio
from pathlib import Path
from engine import ChatReply, open_journal

async def main():
    async with open_journal(Path(sys.argv[1])) as journal:
        async def store(worker):
            for number in range(100000):
                digest = f"{worker} {number}"
                await journal.store_reply(digest, "p", ChatReply(text=digest * 20, model="m"))
                sys.stdout.write(digest + "\\n")
                sys.stdout.flush()
        async with anyio.create_task_group() as group:
            for worker in range(8):
                group.start_soon(store, worker)

anyio.run(main)
"""


def test_whatever_was_acknowledged_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    for seconds in (0.05, 0.13, 0.31):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        lines = [child.stdout.readline()]  # it is running now
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().splitlines(keepends=True)
        child.stdout.close()
        child.wait()
        acknowledged = {line.strip() for line in lines if line.endswith("\n")}
        assert len(acknowledged) > 8
        with Journal.read_only(path) as reader:
            for digest in acknowledged:
                reply = reader.reply(digest)
                assert reply is not None, f"{digest} was acknowledged and is gone"
                assert reply.text == digest * 20
