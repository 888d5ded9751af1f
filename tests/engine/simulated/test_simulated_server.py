"""The simulated server: the known-good answer, and every trouble as often as it is told, over real HTTP."""

from __future__ import annotations

from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ChatClient, ChatRequest, JsonObject, TransientError, UnusableModel, request_digest
from engine.simulated import (
    Behaviour,
    SimulatedServer,
    Trouble,
    ask_statistics,
    open_simulated,
    open_simulated_at,
)
from engine.testing import check_chat_model, request

SCHEMA: JsonObject = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
GOOD = '{"text": "Grüße aus Tromsø"}'


def asked(number: int = 0, *, expected: str | None = GOOD) -> ChatRequest:
    return replace(request(f"say {number}", max_tokens=200, schema=SCHEMA), expected=expected)


def test_the_known_good_answer_is_part_neither_of_the_digest_nor_of_equality() -> None:
    assert asked() == asked(expected=None)
    assert request_digest(asked(), "m") == request_digest(asked(expected=None), "m")
    assert GOOD not in repr(asked())


async def test_a_server_in_another_process_gives_the_known_good_answer_and_keeps_a_models_promises() -> None:
    async with open_simulated(Behaviour(seed=3)) as model:
        assert (await model.complete(asked())).text == GOOD
        assert model.name == "simulated-3-0"
        await check_chat_model(model, (request("one"), request("two")))


async def test_without_a_known_good_answer_it_makes_one_that_fits_the_schema() -> None:
    async with SimulatedServer(Behaviour()).running() as server, open_simulated_at(server.url) as model:
        reply = await ChatClient(model).for_job(0).complete(asked(expected=None))
    assert reply.text.startswith('{"text":')


async def test_every_trouble_is_overcome_and_changes_no_reply() -> None:
    troubled = Behaviour(
        refusal_rate=0.3, outage_rate=0.1, malformed_rate=0.3, retry_after=0.0, seconds=0.001
    )
    replies = []
    for behaviour in (Behaviour(), troubled):
        async with SimulatedServer(behaviour).running() as server, open_simulated_at(server.url) as model:
            client = ChatClient(model, sleep=lambda _: anyio.lowlevel.checkpoint())
            replies.append([await client.for_job(0).complete(asked(number)) for number in range(30)])
            seen = server.statistics()
    assert replies[0] == replies[1]
    assert min(seen["refusals"], seen["outages"], seen["malformed"]) > 0
    assert seen["answered"] == 30
    assert seen["asked"] == 30 + seen["refusals"] + seen["outages"] + seen["malformed"]


async def test_it_refuses_what_it_does_not_admit_and_counts_what_it_answers_twice() -> None:
    async with (
        SimulatedServer(Behaviour(admits=2, seconds=0.05)).running() as server,
        open_simulated_at(server.url) as model,
    ):
        refused: list[TransientError] = []

        async def ask(number: int) -> None:
            try:
                await model.complete(asked(number))
            except TransientError as error:
                refused.append(error)

        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(ask, number)
        assert [(error.overload, error.retry_after) for error in refused] == [(True, 1.0)] * 3
        before = server.statistics()["repeats"]
        for _ in range(3):
            await model.complete(asked(77))
        assert server.statistics()["repeats"] == before + 2
        assert (await ask_statistics(server.url))["most_in_flight"] == 2


async def test_the_wrong_address_is_named() -> None:
    with pytest.raises(UnusableModel, match=r"no simulated server answers at http://127\.0\.0\.1:9/v1"):
        async with open_simulated_at("http://127.0.0.1:9/v1"):
            pass


@given(
    seed=st.integers(0, 99),
    rates=st.tuples(*[st.floats(0, 0.3)] * 3),
    digests=st.lists(st.text("0123456789abcdef", min_size=4, max_size=8), max_size=20),
)
def test_troubles_follow_from_the_seed_and_end(
    seed: int, rates: tuple[float, float, float], digests: list[str]
) -> None:
    refusal, outage, malformed = rates
    one, two = (
        Behaviour(seed=seed, refusal_rate=refusal, outage_rate=outage, malformed_rate=malformed)
        for _ in range(2)
    )
    for digest in digests:
        met = [one.trouble(digest, attempt) for attempt in range(5)]
        assert met == [two.trouble(digest, attempt) for attempt in range(5)]
        assert met[one.most_troubles] is Trouble.NONE


def test_answers_take_longer_in_proportion_beyond_the_knee_and_only_there() -> None:
    behaviour = Behaviour(seconds=0.1, knee=8)
    assert [behaviour.latency("d", n) for n in (1, 8, 16, 80)] == pytest.approx([0.1, 0.1, 0.2, 1.0])


@pytest.mark.parametrize(
    "wrong", [{"error_rate": 1.5}, {"spread": -1}, {"refusal_rate": 0.7, "outage_rate": 0.7}]
)
def test_impossible_shares_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share|more than all"):
        Behaviour(**wrong)  # type: ignore[arg-type]  # the table has fields of several types
