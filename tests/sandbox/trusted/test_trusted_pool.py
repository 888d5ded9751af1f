"""The processes of a trusted environment: lent, and ended when an answer is no answer."""

from __future__ import annotations

from typing import Any, NoReturn

import anyio
import pytest

from sandbox.trusted.process import TrustedPool, TrustedWorker, open_trusted_pool
from sandbox.workers.deaths import WorkerDeath, WorkerDied
from sandbox.workers.frames import MAX_FRAME_BYTES, FrameError

DESK = "python:parcel_desk:ParcelDesk"
ASKED: dict[str, Any] = {"tools": None}


async def the_worker(pool: TrustedPool) -> TrustedWorker:
    async with pool.worker() as worker:
        return worker


def refuse(answer: bytearray) -> NoReturn:
    raise FrameError(f"no answer: {answer[:20].decode()}")


async def test_a_worker_is_lent_again_after_a_good_answer_and_ended_after_a_refused_one() -> None:
    async with open_trusted_pool(DESK, workers=1) as pool:
        first = await the_worker(pool)
        assert b"tools" in await pool.ask(ASKED, 10, bytes)
        assert await the_worker(pool) is first
        with pytest.raises(WorkerDied, match="no answer"):
            await pool.ask(ASKED, 10, refuse)
        assert await the_worker(pool) is not first


async def test_who_waited_for_a_worker_is_the_last_to_have_it_if_its_answer_before_is_refused() -> None:
    order: list[str] = []

    async def ask(pool: TrustedPool, name: str) -> None:
        await pool.ask(ASKED, 10, lambda _: order.append(name))

    async def ask_and_refuse(pool: TrustedPool) -> None:
        with pytest.raises(WorkerDied, match="no answer"):
            await pool.ask(ASKED, 10, refuse)
        order.append("refused")

    async with open_trusted_pool(DESK, workers=1) as pool:
        first = await the_worker(pool)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask_and_refuse, pool)
            tasks.start_soon(ask, pool, "answered")
        assert order == ["refused", "answered"]
        assert await the_worker(pool) is not first


async def test_a_message_that_is_too_long_is_said_to_be_so_and_ends_nobody() -> None:
    async with open_trusted_pool(DESK, workers=1) as pool:
        first = await the_worker(pool)
        with pytest.raises(WorkerDied, match="too long") as death:
            await pool.ask({"tools": "x" * MAX_FRAME_BYTES}, 10, lambda answer: answer)
        assert death.value.cause is WorkerDeath.TOO_LONG
        assert await the_worker(pool) is first


async def test_quick_questions_need_no_second_process_and_who_waits_for_long_gets_one() -> None:
    async with open_trusted_pool(DESK, workers=2) as pool:
        first = await the_worker(pool)
        await pool.ask(
            ASKED, 10, bytes
        )  # a worker's first question of this kind imports what describes tools
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(pool.ask, ASKED, 10, bytes)
        assert await the_worker(pool) is first
        async with pool.worker() as lent, pool.worker() as second:
            assert lent is first
            assert second is not first
            with anyio.move_on_after(0) as at_once:
                await the_worker(pool)
            assert at_once.cancelled_caught, "there are no more than two"
        assert {await the_worker(pool), await the_worker(pool)} <= {first, second}
