"""Generation over the real HTTP client against a loopback server that behaves well or badly."""

import gc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine import Event, EventStream, RequestRetried, StopReason, UnusableModel
from engine.testing import Answer, OpenAIServer
from toolace_mt import generate, generate_async
from toolace_mt.config import GenerateConfig, PriceConfig
from toolace_mt.events import DialogueEnded, RunOpened
from toolace_mt.testing import answer_harmlessly

DATA_FILES = ("dialogues.jsonl", "rejected.jsonl", "preferences.jsonl")


def config(server: OpenAIServer, out: Path, **settings: Any) -> GenerateConfig:
    defaults: dict[str, Any] = {"count": 3, "seed": 3, "rounds": 2, "concurrency": 3}
    return GenerateConfig(model=server.url, model_name="m", out=out, **{**defaults, **settings})


def data_of(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in DATA_FILES}


@pytest.fixture(scope="session")
async def quiet(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:  # noqa: ARG001  # a session's fixture
    """What a run leaves when nothing goes wrong."""
    out = tmp_path_factory.mktemp("quiet")
    async with OpenAIServer(answer_harmlessly).running() as server:
        run = await generate_async(config(server, out))
    assert run.ledger["accepted"] == 3
    return data_of(out)


def troubled(asked: Mapping[str, Any], number: int) -> Answer:
    """Every kind of trouble that passes, and good answers in between."""
    match number % 9:
        case 2:
            return Answer(status=429, text="slow down", headers={"Retry-After": "0"})
        case 5:
            return Answer(status=503, text="busy", headers={"Retry-After": "0"})
        case 7:
            return Answer(status=500, text="oops", headers={"Retry-After": "0"})
        case _:
            return answer_harmlessly(asked, number)


async def test_passing_trouble_changes_no_byte_of_the_data(quiet: dict[str, bytes], tmp_path: Path) -> None:
    seen: list[Event] = []
    events = EventStream()
    events.subscribe(seen.append)
    async with OpenAIServer(troubled).running() as server:
        run = await generate_async(config(server, tmp_path), events)
    assert not run.failed
    assert data_of(tmp_path) == quiet
    assert [event for event in seen if isinstance(event, RequestRetried)]


async def test_a_server_without_structured_output_is_asked_in_words(tmp_path: Path) -> None:
    def choose(asked: Mapping[str, Any], number: int) -> Answer:
        if "response_format" in asked:
            return Answer(status=400, text="response_format is not supported")
        assert "JSON Schema" in asked["messages"][-1]["content"]
        del number
        return Answer(text='Sure! Here it is:\n```json\n{"text": "Okay."}\n```')

    async with OpenAIServer(choose).running() as server:
        run = await generate_async(config(server, tmp_path, count=1))
    assert run.ledger["accepted"] == 1


async def test_answers_that_are_no_json_cost_requests_and_no_dialogue(tmp_path: Path) -> None:
    def choose(asked: Mapping[str, Any], number: int) -> Answer:
        del asked, number
        return Answer(text="I would rather talk about the weather.")

    async with OpenAIServer(choose).running() as server:
        run = await generate_async(config(server, tmp_path, count=1))
        assert run.ledger["requests"] == len(server.asked)
    assert run.ledger["accepted"] == 1
    assert not run.failed


async def test_a_request_that_is_refused_leaves_its_turn_as_it_was(tmp_path: Path) -> None:
    def choose(asked: Mapping[str, Any], number: int) -> Answer:
        if number % 3 == 0:
            return Answer(status=400, text="content filter")
        return answer_harmlessly(asked, number)

    async with OpenAIServer(choose).running() as server:
        run = await generate_async(config(server, tmp_path))
    assert run.ledger["accepted"] == 3
    assert not run.failed


async def test_a_server_that_goes_away_for_good_ends_the_run_with_the_files_written(tmp_path: Path) -> None:
    def choose(asked: Mapping[str, Any], number: int) -> Answer:
        if number >= 12:
            return Answer(status=401, text="the key was withdrawn")
        return answer_harmlessly(asked, number)

    async with OpenAIServer(choose).running() as server:
        with pytest.raises(UnusableModel):
            await generate_async(config(server, tmp_path))
    assert all((tmp_path / name).exists() for name in (*DATA_FILES, "ledger.json"))


@pytest.mark.parametrize(
    ("limits", "unit", "most"),
    [
        ({"max_tokens": 4000}, "tokens", 4000),
        (
            {"max_usd": 0.004, "price": PriceConfig(prompt=1.0, completion=1.0)},
            "usd",
            0.004,
        ),
    ],
)
async def test_tokens_and_dollars_are_never_overspent(
    tmp_path: Path, limits: dict[str, Any], unit: str, most: float
) -> None:
    async with OpenAIServer(answer_harmlessly).running() as server:
        run = await generate_async(config(server, tmp_path, count=8, rounds=5, **limits))
    assert run.stop is StopReason.BUDGET_SPENT
    ledger = run.ledger
    spent = ledger["usd"] if unit == "usd" else ledger["prompt_tokens"] + ledger["completion_tokens"]
    assert 0 < spent <= most
    assert ledger["accepted"] < 8


async def test_a_budget_for_three_dialogues_finishes_some_though_many_could_be_in_work(
    tmp_path: Path,
) -> None:
    async with OpenAIServer(answer_harmlessly).running() as server:
        run = await generate_async(
            config(server, tmp_path, count=40, rounds=5, concurrency=40, max_requests=100)
        )
        assert len(server.asked) <= 100
        assert run.stop is StopReason.BUDGET_SPENT
        assert run.ledger["accepted"] >= 2
        first = run.ledger["accepted"]
        more = config(server, tmp_path, count=40, rounds=5, concurrency=40, max_requests=200, resume=True)
        assert (await generate_async(more)).ledger["accepted"] > first
        assert len(server.asked) <= 200


async def test_a_run_tells_what_happens_on_one_stream(tmp_path: Path) -> None:
    seen: list[Event] = []
    events = EventStream()
    events.subscribe(seen.append)
    async with OpenAIServer(answer_harmlessly).running() as server:
        await generate_async(config(server, tmp_path), events)
        await generate_async(config(server, tmp_path, resume=True), events)
    opened = [event for event in seen if isinstance(event, RunOpened)]
    assert [(event.wanted, event.model) for event in opened] == [(3, "m")] * 2
    ended = [event for event in seen if isinstance(event, DialogueEnded)]
    assert sum(event.accepted and not event.replayed for event in ended) == 3
    assert sum(event.accepted and event.replayed for event in ended) == 3


async def test_generate_also_works_beside_a_running_loop(quiet: dict[str, bytes], tmp_path: Path) -> None:
    import anyio.to_thread

    async with OpenAIServer(answer_harmlessly).running() as server:
        run = await anyio.to_thread.run_sync(generate, config(server, tmp_path))
    assert run.dialogues == tmp_path / "dialogues.jsonl"
    assert data_of(tmp_path) == quiet
    gc.collect()  # an unclosed loop or socket would be a warning here, and so an error
