"""The gates, the journal and the schema around a model."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from engine import (
    Amount,
    Budget,
    BudgetLimits,
    ChatClient,
    ChatReply,
    Event,
    EventStream,
    FixedWidth,
    Gates,
    JsonObject,
    RefusedRequest,
    ReplyReceived,
    RequestFailed,
    RequestWindow,
    TransientError,
    Usage,
    open_journal,
)
from engine.chat.structured import json_candidates
from engine.testing import ScriptedModel, check_chat_model, request, run_in_virtual_time

USED = Usage(prompt_tokens=5, completion_tokens=2)
SCHEMA: JsonObject = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


async def test_a_failed_request_is_refunded_and_a_reply_is_paid() -> None:
    events = EventStream()
    seen: list[Event] = []
    events.subscribe(seen.append)
    budget = Budget(BudgetLimits(requests=5))
    model = ScriptedModel([RefusedRequest("no"), "two words"])
    client = ChatClient(model, gates=Gates(budget=budget), events=events)
    with pytest.raises(RefusedRequest):
        await client.for_job(3).complete(request())
    assert budget.statistics().spent == Amount()
    await client.for_job(3).complete(request("one"))
    assert budget.statistics().spent == Amount(1, 3, 0)
    failed, received = seen
    assert isinstance(failed, RequestFailed)
    assert isinstance(received, ReplyReceived)
    assert (received.order, received.usage) == (3, Usage(prompt_tokens=1, completion_tokens=2))


async def test_a_cancelled_request_leaves_every_gate_as_it_was() -> None:
    budget = Budget(BudgetLimits(requests=5))
    gates = Gates(budget=budget, requests=RequestWindow(width=FixedWidth(1)))
    client = ChatClient(ScriptedModel(seconds=60), gates=gates)
    with anyio.move_on_after(0.01):
        async with anyio.create_task_group() as group:
            group.start_soon(client.for_job(0).complete, request("sent"))
            group.start_soon(client.for_job(1).complete, request("waits"))
    assert gates.requests.statistics().in_flight == gates.requests.statistics().waiting == 0
    assert budget.statistics().pledged == budget.statistics().spent == Amount()


def test_a_wish_for_a_pause_holds_for_every_dialogue_and_in_full() -> None:
    sent: list[float] = []

    async def main() -> float:
        clock = anyio.current_time

        async def noting(seconds: float) -> None:
            sent.append(clock())
            await anyio.sleep(seconds)

        model = ScriptedModel(
            [TransientError("busy", retry_after=30, overload=True)], seconds=1, sleep=noting
        )
        window = RequestWindow(width=FixedWidth(1), clock=clock)
        client = ChatClient(model, gates=Gates(requests=window), clock=clock)
        start = clock()
        async with anyio.create_task_group() as group:
            for order in range(3):
                group.start_soon(client.for_job(order).complete, request(str(order)))
        return start

    start = run_in_virtual_time(main)
    assert sent[0] == start
    assert all(moment >= start + 1 + 30 for moment in sent[1:])
    assert len(sent) == 4


async def test_a_stored_reply_is_never_asked_for_again(tmp_path: Path) -> None:
    events = EventStream()
    seen: list[Event] = []
    events.subscribe(seen.append)
    model = ScriptedModel(["first"])
    async with open_journal(tmp_path / "run.sqlite") as journal:
        one = await ChatClient(model, journal=journal).for_job(0).complete(request())
    async with open_journal(tmp_path / "run.sqlite") as journal:
        two = await ChatClient(model, journal=journal, events=events).for_job(9).complete(request())
    assert one == two
    assert len(model.requests) == 1
    assert [event.from_journal for event in seen if isinstance(event, ReplyReceived)] == [True]


async def test_equal_requests_at_the_same_moment_are_asked_once(tmp_path: Path) -> None:
    model = ScriptedModel(seconds=0.01)
    async with open_journal(tmp_path / "run.sqlite") as journal:
        client = ChatClient(model, journal=journal)
        async with anyio.create_task_group() as group:
            for order in range(20):
                group.start_soon(client.for_job(order).complete, request(f"{order % 2}"))
    assert len(model.requests) == 2


async def test_if_the_one_that_asks_fails_another_asks_in_its_place(tmp_path: Path) -> None:
    model = ScriptedModel([RefusedRequest("no"), "yes"], seconds=0.01)
    texts: list[str] = []
    async with open_journal(tmp_path / "run.sqlite") as journal:
        client = ChatClient(model, journal=journal)

        async def ask(order: int) -> None:
            try:
                texts.append((await client.for_job(order).complete(request())).text)
            except RefusedRequest as error:
                texts.append(str(error))

        async with anyio.create_task_group() as group:
            for order in range(3):
                group.start_soon(ask, order)
    assert sorted(texts) == ["no", "yes", "yes"]


async def test_a_reply_that_does_not_fit_is_repaired_once_and_both_are_journaled(tmp_path: Path) -> None:
    model = ScriptedModel(['{"n": "three"}', 'Sure:\n```json\n{"n": 3}\n```'])
    async with open_journal(tmp_path / "run.sqlite") as journal:
        reply = await ChatClient(model, journal=journal).for_job(0).complete(request(schema=SCHEMA))
        again = await ChatClient(model, journal=journal).for_job(0).complete(request(schema=SCHEMA))
    assert reply.text == '{"n": 3}'
    assert reply == again
    assert len(model.requests) == 2
    assert "not of type" in model.requests[1].messages[-1].content
    assert reply.usage.prompt_tokens > 1


async def test_two_replies_that_do_not_fit_cost_the_request() -> None:
    replies = [ChatReply(text=text, model="m", usage=USED) for text in ("no json", "{}")]
    with pytest.raises(RefusedRequest, match="do not fit the schema") as refused:
        await ChatClient(ScriptedModel(replies)).for_job(0).complete(request(schema=SCHEMA))
    assert refused.value.usage == USED + USED


async def test_what_a_model_declines_is_paid_for_and_never_asked_again(tmp_path: Path) -> None:
    model = ScriptedModel(
        [ChatReply(text="I will\nnot", model="m", finish_reason="content_filter", usage=USED)]
    )
    budget = Budget(BudgetLimits(requests=5))
    for _ in range(2):
        async with open_journal(tmp_path / "run.sqlite") as journal:
            client = ChatClient(model, gates=Gates(budget=budget), journal=journal)
            with pytest.raises(RefusedRequest, match="scripted declined to answer: I will not") as refused:
                await client.for_job(0).complete(request())
            assert refused.value.usage == USED
            assert journal.totals()["test"].usage == USED
    assert len(model.requests) == 1
    assert budget.statistics().spent == Amount(1, 7, 0)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (' {"a": 1} ', [{"a": 1}]),
        ('```json\n{"a": 1}\n```', [{"a": 1}]),
        ('I think {this} is it: [1, {"b": 2}] and {"c": 3}.', [[1, {"b": 2}], {"c": 3}]),
        ("nothing here", []),
        ("[" * 5000, []),
        ('{"a": ', []),
        ("7", [7]),
        (r'{"\ud800": "x"}', []),
        (r'{"text": "half a pair: \ud800"} or {"a": NaN} or {"b": 1}', [{"b": 1}]),
    ],
)
def test_json_is_found_among_words(text: str, values: list[object]) -> None:
    assert [value for _, value in json_candidates(text)] == values


async def test_the_wrapped_model_keeps_the_promises_of_a_model(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "run.sqlite") as journal:
        client = ChatClient(ScriptedModel(), journal=journal)
        await check_chat_model(client.for_job(0), (request("one"), request("two")))
