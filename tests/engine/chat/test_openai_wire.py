"""Addresses, bodies and answers, without a network."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from engine import ModelError, RefusedRequest, TransientError, UnusableModel, Usage
from engine.chat.openai_wire import (
    Omission,
    chat_url,
    error_for,
    lessons,
    reply_from,
    request_body,
    retry_after_seconds,
)
from engine.testing import request

NOW = datetime(2025, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("localhost:8000", "http://localhost:8000/v1/chat/completions"),
        ("127.0.0.1:8000/", "http://127.0.0.1:8000/v1/chat/completions"),
        ("http://gpu7:8000", "http://gpu7:8000/v1/chat/completions"),
        ("http://gpu7:8000/v1", "http://gpu7:8000/v1/chat/completions"),
        ("http://gpu7:8000/v1/", "http://gpu7:8000/v1/chat/completions"),
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("api.openai.com", "https://api.openai.com/v1/chat/completions"),
        ("https://x.test/v1beta/openai/", "https://x.test/v1beta/openai/chat/completions"),
        ("https://x.test/d/chat/completions?v=1", "https://x.test/d/chat/completions?v=1"),
    ],
)
def test_every_way_to_write_an_address_leads_to_the_chat_endpoint(base: str, url: str) -> None:
    assert chat_url(base) == url


@pytest.mark.parametrize("base", ["", "ftp://x", "http://", "http://x:notaport", "http://a b"])
def test_what_is_no_address_is_refused_with_an_example(base: str) -> None:
    with pytest.raises(UnusableModel, match="write it like"):
        chat_url(base)


def test_the_body_holds_what_the_model_sees_and_not_the_purpose() -> None:
    body = orjson.loads(
        request_body(request(purpose="secret stage", schema={"type": "null"}), "m", frozenset())
    )
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 16,
        "temperature": 0.0,
        "seed": 0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": {"type": "null"}},
        },
    }


def test_what_the_server_does_not_know_is_left_out_and_a_schema_moves_into_the_prompt() -> None:
    omit: frozenset[Omission] = frozenset({"response_format", "max_tokens", "temperature", "seed"})
    body = orjson.loads(request_body(request(schema={"type": "null"}), "m", omit))
    assert set(body) == {"model", "messages", "max_completion_tokens"}
    assert '{"type":"null"}' in body["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("status", "said", "learned"),
    [
        (400, "Unknown parameter: response_format", {"response_format"}),
        (400, "Unsupported parameter: use max_completion_tokens instead", {"max_tokens"}),
        (400, "temperature does not support 0.0", {"temperature"}),
        (422, "extra field seed not permitted", {"seed"}),
        (400, "the prompt is too long", set()),
        (500, "response_format crashed me", set()),
    ],
)
def test_a_complaint_teaches_what_to_leave_out(status: int, said: str, learned: set[str]) -> None:
    assert lessons(status, said.encode(), frozenset()) == learned
    everything: frozenset[Omission] = frozenset(
        {"response_format", "max_tokens", "temperature", "seed", "stop"}
    )
    assert lessons(status, said.encode(), everything) == frozenset()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-4"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 01 Jan 2024 00:00:00 +99999999999999999999"}, None),
        ({"Retry-After": "86400"}, 86400.0),
        ({"Retry-After": "99999999999999999999999"}, None),
        ({"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, None),
        ({"Retry-After": "Wed, 01 Jan 2025 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "Wed, 01 Jan 2025 11:00:00 GMT"}, 0.0),
        ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
    ],
)
def test_a_wish_for_a_pause_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, b"", UnusableModel, "does not accept the key"),
        (403, b"", UnusableModel, "does not accept the key"),
        (404, b'{"error":{"message":"no m"}}', UnusableModel, "no such model or path.*no m"),
        (405, b"", UnusableModel, "path"),
        (402, b'{"detail":"top up"}', UnusableModel, "no quota left: top up"),
        (302, b"", UnusableModel, "redirects"),
        (429, b'{"error":{"code":"insufficient_quota"}}', UnusableModel, "no quota left"),
        (429, b'{"error":{"message":"slow\\ndown"}}', TransientError, "429: slow down"),
        (503, b"<html>busy</html>", TransientError, "503"),
        (500, b"", TransientError, "no explanation"),
        (400, b'{"detail":"too long"}', RefusedRequest, "too long"),
        (400, b'{"detail":"\\u001b[31mred\\u202e"}', RefusedRequest, r"\[31mred$"),
        (413, b"", RefusedRequest, "413"),
        (422, b'{"detail":[{"loc":["x"]}]}', RefusedRequest, "422"),
    ],
)
def test_each_status_becomes_the_error_that_tells_what_to_do(
    status: int, body: bytes, kind: type[ModelError], words: str
) -> None:
    error = error_for(status, {}, body, server="s", model="m")
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error
    assert str(error).isprintable()


@pytest.mark.parametrize(("status", "overload"), [(429, True), (503, True), (500, False), (408, False)])
def test_only_a_busy_server_counts_as_overload(status: int, overload: bool) -> None:
    error = error_for(status, {"Retry-After": "2"}, b"", server="s", model="m")
    assert isinstance(error, TransientError)
    assert (error.overload, error.retry_after) == (overload, 2.0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"choices":[]}',
        b'{"choices":[{}]}',
        b"<html>",
        b'{"choices":[{"message":3}]}',
        b'{"choices":[{"message":{"content":"\xff"}}]}',
        b'{"choices":[{"message":{"content":"\\ud800"}}]}',
        b'{"choices":[{"message":{"content":[{"a":' + b"[" * 100_000,
        b'{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":1e400}}',
    ],
)
def test_a_malformed_answer_may_be_better_next_time(body: bytes) -> None:
    with pytest.raises(TransientError, match="malformed"):
        reply_from(body, request(), "m")


def answer(message: dict[str, object], **more: object) -> bytes:
    return orjson.dumps({"choices": [{"message": message, "finish_reason": "stop"}], **more})


@pytest.mark.parametrize(
    ("content", "text"),
    [("hi", "hi"), (None, ""), ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab")],
)
def test_the_text_is_read_from_all_forms_of_content(content: object, text: str) -> None:
    assert reply_from(answer({"content": content}), request(), "m").text == text


def test_usage_that_the_server_does_not_tell_is_estimated_and_marked() -> None:
    told = answer({"content": "hi"}, usage={"prompt_tokens": 5, "completion_tokens": 2})
    assert not reply_from(told, request(), "m").usage.estimated
    as_text = answer({"content": "hi"}, usage={"prompt_tokens": "5", "completion_tokens": 2.0})
    assert reply_from(as_text, request(), "m").usage == reply_from(told, request(), "m").usage
    silent = reply_from(answer({"content": "hi there " * 3}), request(), "m")
    assert silent.usage.estimated
    assert silent.usage.prompt_tokens > 0
    assert 0 < silent.usage.completion_tokens <= 16


@pytest.mark.parametrize(
    "told", [(-5, 7), (0, 0), (2**63, 1), (1, 2**31 + 1), (None, 5), (1.5, 2), ("many", 3), ([], {})]
)
def test_usage_that_cannot_be_is_estimated(told: tuple[object, object]) -> None:
    usage = dict(zip(("prompt_tokens", "completion_tokens"), told, strict=True))
    assert reply_from(answer({"content": "hi"}, usage=usage), request(), "m").usage.estimated


@pytest.mark.parametrize(
    ("message", "ended", "reason"),
    [
        ({"content": None, "refusal": "I will not"}, "stop", "I will not"),
        ({"content": "", "refusal": "I will not"}, "content_filter", "I will not"),
        ({"content": "Half of a"}, "content_filter", "content filter"),
    ],
)
def test_that_a_model_declined_is_a_reply_that_was_paid_for(
    message: dict[str, Any], ended: str, reason: str
) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    body = json.dumps({"choices": [{"message": message, "finish_reason": ended}], "usage": usage})
    reply = reply_from(body.encode(), request(), "m")
    assert reply.is_declined
    assert (reply.text, reply.usage) == (reason, Usage(prompt_tokens=5, completion_tokens=2))


def test_what_is_said_beside_a_refusal_is_no_refusal() -> None:
    assert not reply_from(answer({"content": "Sure.", "refusal": "But"}), request(), "m").is_declined
