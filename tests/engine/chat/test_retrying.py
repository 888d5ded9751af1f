"""Asking again."""

from __future__ import annotations

import pytest

from engine import (
    Event,
    EventStream,
    RefusedRequest,
    RequestRetried,
    RetryingModel,
    RetryPolicy,
    TransientError,
)
from engine.testing import ScriptedModel, request

DOWN = TransientError("down")
BUSY = TransientError("busy", overload=True)


@pytest.mark.parametrize(
    ("attempt", "error", "draw", "seconds"),
    [
        (1, DOWN, 0.0, 0.25),
        (1, DOWN, 1.0, 0.5),
        (3, DOWN, 1.0, 2.0),
        (50, DOWN, 1.0, 60.0),
        (5000, DOWN, 0.0, 30.0),
        (1, TransientError("wait", retry_after=7.5), 0.3, 7.5),
        (9, TransientError("wait", retry_after=0.0), 0.9, 0.0),
    ],
)
def test_the_delay_doubles_up_to_a_ceiling_unless_the_server_named_one(
    attempt: int, error: TransientError, draw: float, seconds: float
) -> None:
    policy = RetryPolicy(base_seconds=0.5, ceiling_seconds=60)
    assert policy.delay(attempt, error, draw) == pytest.approx(seconds)


def retrying(model: ScriptedModel, slept: list[float], events: EventStream | None = None) -> RetryingModel:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    policy = RetryPolicy(attempts=3, overload_attempts=5, base_seconds=1)
    return RetryingModel(model, policy=policy, events=events, sleep=sleep, draw=lambda: 1.0)


async def test_a_transient_failure_is_asked_again_and_announced() -> None:
    events = EventStream()
    seen: list[Event] = []
    events.subscribe(seen.append)
    slept: list[float] = []
    reply = await retrying(ScriptedModel([DOWN, DOWN, "there"]), slept, events).complete(request())
    assert reply.text == "there"
    assert slept == [1.0, 2.0]
    assert [(event.attempt, event.reason) for event in seen if isinstance(event, RequestRetried)] == [
        (1, "down"),
        (2, "down"),
    ]


async def test_patience_ends_and_the_last_error_is_raised() -> None:
    model = ScriptedModel([DOWN] * 10)
    with pytest.raises(TransientError, match="down"):
        await retrying(model, []).complete(request())
    assert len(model.requests) == 3


async def test_overload_is_borne_longer_than_an_outage() -> None:
    model = ScriptedModel([BUSY, DOWN, BUSY, DOWN, BUSY, BUSY, "there"])
    assert (await retrying(model, []).complete(request())).text == "there"


async def test_what_will_never_succeed_is_not_asked_again() -> None:
    model = ScriptedModel([RefusedRequest("too long")])
    with pytest.raises(RefusedRequest):
        await retrying(model, []).complete(request())
    assert len(model.requests) == 1
