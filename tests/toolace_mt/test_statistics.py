"""How a run stands, from its journal alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine import ChatReply, EventStream, JournalError, Price, Usage, WidthChanged, open_journal
from toolace_mt.errors import RunFolderError
from toolace_mt.session import Session, noting_changes
from toolace_mt.statistics import run_statistics
from toolace_mt.store import JOURNAL_NAME


async def write(folder: Path, *, price: Price | None, stop: str | None) -> None:
    """A run of three attempts and two requests, the width changed twice."""
    events = EventStream()
    async with open_journal(folder / JOURNAL_NAME) as journal:
        with noting_changes(journal, events):
            session = Session.begin(journal, model="m", wanted=5, price=price)
            await session.note(journal)
            for digest in ("one", "two"):
                usage = Usage(prompt_tokens=100, completion_tokens=50)
                await journal.store_reply(digest, "judge", ChatReply(text="", model="m", usage=usage))
            events.emit(WidthChanged(width=9, before=8, reason="slow start"))
            events.emit(WidthChanged(width=6, before=9, reason="the server slowed down", endpoint="here"))
            await journal.store_job("d0", "accepted", '{"rule": null}')
            await journal.store_job("d1", "rejected", '{"rule": "TA402"}')
            await journal.store_job("d2", "rejected", '{"rule": "TA402"}')
            running = run_statistics(folder)
            assert running.state == "running"
            assert running.process is not None
            if stop is not None:
                await session.ended(stop).note(journal)


@pytest.mark.parametrize(
    ("stop", "state"),
    [
        ("no_more_jobs", "finished"),
        ("budget_spent", "stopped"),
        ("interrupted", "stopped"),
        ("failed", "stopped"),
        (None, "dead"),
    ],
)
async def test_the_state_is_told_from_how_the_last_stretch_ended(
    tmp_path: Path, stop: str | None, state: str
) -> None:
    await write(tmp_path, price=None, stop=stop)
    found = run_statistics(tmp_path)
    assert (found.state, found.stop, found.process) == (state, stop, None)
    assert (found.attempted, found.accepted, found.rejected) == (3, 1, {"TA402": 2})
    assert (found.requests, found.prompt_tokens, found.completion_tokens) == (2, 200, 100)
    assert found.width is not None
    assert (found.width.width, found.width.endpoint) == (6, "here")
    assert found.width.reason == "the server slowed down"


@pytest.mark.parametrize(
    ("price", "usd"),
    [(None, None), (Price(prompt_usd_per_million=10, completion_usd_per_million=20), 0.004)],
)
async def test_dollars_are_unknown_without_a_price(
    tmp_path: Path, price: Price | None, usd: float | None
) -> None:
    await write(tmp_path, price=price, stop=None)
    assert run_statistics(tmp_path).usd == usd


async def test_the_rates_are_of_the_last_stretch(tmp_path: Path) -> None:
    await write(tmp_path, price=None, stop="interrupted")
    async with open_journal(tmp_path / JOURNAL_NAME) as journal:
        session = Session.begin(journal, model="m", wanted=5, price=None)
        await session.note(journal)
        await journal.store_job("d3", "accepted", '{"rule": null}')
        in_half_a_minute = run_statistics(tmp_path, clock=lambda: session.began_at + 30)
    assert in_half_a_minute.attempts_per_minute == 2.0
    assert in_half_a_minute.requests_per_minute == 0.0
    assert in_half_a_minute.seconds == pytest.approx(30, abs=0.1)
    assert session.began_at <= time.time()


async def test_a_folder_without_a_run_and_one_without_a_beginning_are_named(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="holds no run"):
        run_statistics(tmp_path)
    async with open_journal(tmp_path / JOURNAL_NAME):
        with pytest.raises(RunFolderError, match="has not begun"):
            run_statistics(tmp_path)
    (tmp_path / JOURNAL_NAME).write_bytes(b"no database" * 100)
    with pytest.raises(JournalError):
        run_statistics(tmp_path)
