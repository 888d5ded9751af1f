"""The client against a loopback server."""

from __future__ import annotations

import gzip
import socket
import traceback
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from engine import ModelError, RefusedRequest, TransientError, UnusableModel
from engine.chat.openai_http import ApiKey, open_openai
from engine.testing import Answer, OpenAIServer, check_chat_model, request

SECRET = "sk-very-secret-0123456789"


async def ask(server: OpenAIServer, **options: Any) -> str:
    async with open_openai(server.url, "m", **options) as model:
        return (await model.complete(request("Hello there", schema=options.get("schema")))).text


async def test_it_keeps_the_promises_of_a_model() -> None:
    async with OpenAIServer().running() as server, open_openai(server.url, "m") as model:
        await check_chat_model(model, (request("one"), request("two")))
        assert model.name == "m"


async def test_the_key_reaches_the_server_and_the_reply_comes_back() -> None:
    async with OpenAIServer(key=SECRET).running() as server:
        assert await ask(server, key=ApiKey(SECRET)) == "Hello!"


async def test_a_wrong_key_is_named_as_such_and_is_shown_nowhere() -> None:
    async with OpenAIServer(key="another").running() as server:
        with pytest.raises(UnusableModel, match="does not accept the key") as caught:
            await ask(server, key=ApiKey(SECRET))
    shown = "".join(traceback.format_exception(caught.value)) + repr(ApiKey(SECRET)) + repr(caught.value)
    assert SECRET not in shown


async def test_a_key_that_an_answer_repeats_is_shown_nowhere() -> None:
    echo = Answer(body=f"<pre>Authorization: Bearer {SECRET}</pre>".encode())
    async with OpenAIServer(lambda *_: echo).running() as server:
        with pytest.raises(TransientError, match=r"malformed answer: .*Bearer \[key\]") as caught:
            await ask(server, key=ApiKey(SECRET))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in SECRET)


@pytest.mark.parametrize(
    "echo",
    [
        Answer(status=400, body=f'{{"error": {{"message": "bad key {ESCAPED}"}}}}'.encode()),
        Answer(status=302, headers={"Location": f"http://x.example/{SECRET}"}),
        Answer(status=500, body=SECRET.encode()),
        Answer(body=f'{{"choices": [], "model": "{SECRET}"}}'.encode()),
    ],
)
async def test_a_key_that_is_repeated_in_any_way_is_shown_nowhere(echo: Answer) -> None:
    async with OpenAIServer(lambda *_: echo).running() as server:
        with pytest.raises(ModelError) as caught:
            await ask(server, key=ApiKey(SECRET))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("key", ["x", "none", "ollama", "lm-studio"])
async def test_a_key_that_is_an_ordinary_word_changes_no_reply(key: str) -> None:
    said = "The text of none is x; ollama and lm-studio are servers."
    async with OpenAIServer(lambda *_: Answer(text=said)).running() as server:
        assert await ask(server, key=ApiKey(key)) == said


async def test_a_long_key_is_hidden_in_replies_too() -> None:
    async with OpenAIServer(lambda *_: Answer(text=f"Your key is {SECRET}.")).running() as server:
        assert await ask(server, key=ApiKey(SECRET)) == "Your key is [key]."


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
async def test_an_answer_without_end_is_not_read_to_its_end(headers: dict[str, str]) -> None:
    endless = b" " * (9 << 20)
    body = gzip.compress(endless) if headers else endless
    async with OpenAIServer(lambda *_: Answer(body=body, headers=headers)).running() as server:
        with pytest.raises(RefusedRequest, match="an answer of more than 8,388,608 bytes"):
            await ask(server)


async def test_nothing_that_answers_there_is_named_with_the_remedy() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with open_openai(f"127.0.0.1:{port}", "m") as model:
        with pytest.raises(UnusableModel, match=f"nothing answers at 127.0.0.1:{port}.*start the server"):
            await model.complete(request())


async def test_a_server_that_went_away_after_it_had_answered_may_come_back() -> None:
    async with AsyncExitStack() as life:
        server = await life.enter_async_context(OpenAIServer().running())
        async with open_openai(server.url, "m") as model:
            await model.complete(request())
            await life.aclose()
            with pytest.raises(TransientError, match="lost"):
                await model.complete(request())


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(status=500, text="oops"), TransientError, "500: oops"),
        (Answer(status=429, headers={"Retry-After": "7"}), TransientError, "429"),
        (Answer(status=400, text="too long"), RefusedRequest, "too long"),
        (Answer(status=404, text="no model m"), UnusableModel, "no model m"),
        (Answer(body=b'{"choices": [{"mess'), TransientError, "malformed"),
        (Answer(status=204, body=b""), TransientError, "malformed"),
        (Answer(hang_up=True), TransientError, "connection to .* was lost"),
        (Answer(seconds=30), TransientError, "did not answer in time"),
        (Answer(status=301, headers={"Location": "http://x/"}, body=b""), UnusableModel, "http://x/"),
    ],
)
async def test_trouble_becomes_the_narrowest_error(
    answer: Answer, kind: type[ModelError], words: str
) -> None:
    async with OpenAIServer(lambda *_: answer).running() as server:
        with pytest.raises(kind, match=words) as caught:
            await ask(server, timeout_seconds=0.2)
    assert type(caught.value) is kind
    if isinstance(caught.value, TransientError) and answer.headers:
        assert caught.value.retry_after == 7
        assert caught.value.overload


async def test_a_server_without_response_format_is_asked_in_words_and_only_learned_once() -> None:
    def choose(asked: Mapping[str, Any], _: int) -> Answer:
        if "response_format" in asked:
            return Answer(status=400, text="response_format is not supported")
        return Answer(text='{"n": 1}')

    schema = {"type": "object"}
    async with OpenAIServer(choose).running() as server, open_openai(server.url, "m") as model:
        for text in ("one", "two"):
            assert (await model.complete(request(text, schema=schema))).text == '{"n": 1}'
        assert ["response_format" in asked for asked in server.asked] == [True, False, False]
        assert '{"type":"object"}' in server.asked[-1]["messages"][-1]["content"]


async def test_a_server_that_wants_other_parameters_gets_them() -> None:
    def choose(asked: Mapping[str, Any], _: int) -> Answer:
        if "max_tokens" in asked:
            return Answer(status=400, text="use 'max_completion_tokens' instead of 'max_tokens'")
        if "temperature" in asked:
            return Answer(status=400, text="'temperature' does not support 0")
        return Answer(text="fine")

    async with OpenAIServer(choose).running() as server:
        assert await ask(server) == "fine"
        assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(status=400, text="unknown field 'x'"), RefusedRequest, "unknown field 'x'"),
        (Answer(body=b"<html>Welcome</html>"), TransientError, "<html>Welcome</html>"),
    ],
)
async def test_a_server_that_serves_none_of_the_first_requests_is_unusable(
    answer: Answer, kind: type[ModelError], words: str
) -> None:
    async with OpenAIServer(lambda *_: answer).running() as server, open_openai(server.url, "m") as model:
        for _ in range(9):
            with pytest.raises(kind, match=words):
                await model.complete(request())
        with pytest.raises(UnusableModel, match=f"{words}; .* served none of the first 10 requests"):
            await model.complete(request())


async def test_a_server_that_is_down_at_first_is_not_given_up() -> None:
    down = Answer(status=502)
    async with OpenAIServer(lambda *_: down).running() as server, open_openai(server.url, "m") as model:
        for _ in range(20):
            with pytest.raises(TransientError):
                await model.complete(request())


async def test_a_server_that_served_once_may_refuse_as_often_as_it_likes() -> None:
    def choose(_: Mapping[str, Any], number: int) -> Answer:
        return Answer(text="fine") if number == 0 else Answer(status=400, text="too long")

    async with OpenAIServer(choose).running() as server, open_openai(server.url, "m") as model:
        await model.complete(request())
        for _ in range(20):
            with pytest.raises(RefusedRequest):
                await model.complete(request())


async def test_proxies_of_the_environment_are_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with OpenAIServer().running() as server:
        assert await ask(server) == "Hello!"


async def test_proxies_of_the_environment_are_used_for_other_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def choose(_: Mapping[str, Any], __: int) -> Answer:
        return Answer(text="through the proxy")

    async with OpenAIServer(choose).running() as server:
        monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        async with open_openai("http://elsewhere.test", "m") as model:
            assert (await model.complete(request())).text == "through the proxy"


def test_the_key_comes_from_the_file_or_else_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f" {SECRET}\n")
    from_file = ApiKey.find({"OPENAI_API_KEY": "other"}, file)
    assert from_file is not None
    assert from_file.header() == {"Authorization": f"Bearer {SECRET}"}
    assert ApiKey.find({"OPENAI_API_KEY": SECRET}) is not None
    assert ApiKey.find({"OPENAI_API_KEY": " "}) is None
    with pytest.raises(UnusableModel, match="cannot read the key file"):
        ApiKey.find({}, tmp_path / "nowhere")
    file.write_text("\n")
    with pytest.raises(UnusableModel, match="is empty"):
        ApiKey.find({}, file)


def test_a_key_that_would_break_the_header_is_refused_without_showing_it() -> None:
    with pytest.raises(UnusableModel, match="check OPENAI_API_KEY") as caught:
        ApiKey("sk\nInjected: header").header()
    assert "Injected" not in str(caught.value)
