"""Several endpoints over real HTTP, TLS with an own authority, and proxies."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest
from aiohttp import web
from anyio.abc import SocketStream

from engine import EndpointRested, Event, EventStream
from engine.testing import Answer, OpenAIServer
from tests.end_to_end.program import Finished, command
from toolace_mt import generate_async
from toolace_mt.config import EndpointConfig, GenerateConfig
from toolace_mt.testing import answer_harmlessly

KEYS = ("sk-first-8d1f0a", "sk-second-77b2c4")


def config(servers: list[OpenAIServer], out: Path, **settings: Any) -> GenerateConfig:
    endpoints = tuple(
        EndpointConfig(url=server.url, model=f"name-at-{number}", weight=number + 1)
        for number, server in enumerate(servers)
    )
    defaults: dict[str, Any] = {"count": 3, "seed": 3, "rounds": 2, "concurrency": 3}
    return GenerateConfig(endpoints=endpoints, model_name="m", out=out, **{**defaults, **settings})


async def test_the_data_do_not_depend_on_how_many_endpoints_answered_nor_on_an_outage(tmp_path: Path) -> None:
    def out_for_a_while(asked: Any, number: int) -> Answer:
        if 4 <= number < 8:
            return Answer(status=500, text="broken")
        return answer_harmlessly(asked, number)

    seen: list[Event] = []
    events = EventStream()
    events.subscribe(seen.append)
    async with (
        OpenAIServer(answer_harmlessly).running() as one,
        OpenAIServer(answer_harmlessly).running() as two,
    ):
        await generate_async(config([one], tmp_path / "one"))
        asked_alone = len(one.asked)
        await generate_async(config([one, two], tmp_path / "two"))
        assert asked_alone < len(one.asked)
        assert {asked["model"] for asked in two.asked} == {"name-at-1"}
        assert len(two.asked) > (len(one.asked) - asked_alone) / 2
    async with (
        OpenAIServer(out_for_a_while).running() as flaky,
        OpenAIServer(answer_harmlessly).running() as steady,
    ):
        run = await generate_async(config([flaky, steady], tmp_path / "three"), events)
    assert not run.failed
    assert run.ledger["model"] == "m"
    assert [event for event in seen if isinstance(event, EndpointRested)]
    files = [(tmp_path / name / "dialogues.jsonl").read_bytes() for name in ("one", "two", "three")]
    assert files[0] == files[1] == files[2]


async def test_an_endpoint_where_nothing_listens_leaves_the_run_to_the_others(tmp_path: Path) -> None:
    nowhere = OpenAIServer()
    nowhere.url = "http://127.0.0.1:9/v1"
    async with OpenAIServer(answer_harmlessly).running() as server:
        run = await generate_async(config([nowhere, server], tmp_path))
    assert not run.failed
    assert run.ledger["accepted"] == 3


async def run_program(folder: Path, *words: str, **variables: str) -> Finished:
    with anyio.fail_after(60):
        done = await anyio.run_process(
            command(*words),
            check=False,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **variables},
        )
    return Finished(status=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


async def test_each_endpoint_gets_its_own_key_and_no_file_or_word_shows_one(tmp_path: Path) -> None:
    first, second = (OpenAIServer(answer_harmlessly, key=key) for key in KEYS)
    async with first.running(), second.running():
        (tmp_path / "second.key").write_text(f"{KEYS[1]}\n")
        settings = {
            "model_name": "m",
            "count": 2,
            "rounds": 1,
            "endpoints": [
                {"url": first.url, "key_env": "FIRST_KEY"},
                {"url": second.url, "key_file": "second.key"},
                {"url": second.url, "key_env": "FIRST_KEY", "weight": 4},  # the wrong key: said, not shown
            ],
        }
        (tmp_path / "run.yaml").write_bytes(orjson.dumps(settings))
        finished = await run_program(tmp_path, "generate", "run.yaml", "--out", "run", FIRST_KEY=KEYS[0])
    assert finished.status == 0, finished.err
    assert first.asked
    assert second.asked
    (tmp_path / "second.key").unlink()
    log = (tmp_path / "run" / "run.log").read_text()
    assert "does not accept the key" in log
    for key in KEYS:
        assert key not in finished.out + finished.err
        assert not files_with(key.encode(), tmp_path)


def files_with(secret: bytes, folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and secret in file.read_bytes()]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority of our own and a certificate of it for ``model.test``."""
    folder = tmp_path_factory.mktemp("certificates")
    script = """
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ours \\
          -addext keyUsage=critical,keyCertSign
        openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=model.test
        printf 'subjectAltName=DNS:model.test,IP:127.0.0.1\\nauthorityKeyIdentifier=keyid' > san
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \\
          -extfile san -out server.pem
    """
    try:
        subprocess.run(["sh", "-ec", script], cwd=folder, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl to make certificates with")
    return folder


@asynccontextmanager
async def tls_server(certificates: Path) -> AsyncIterator[tuple[OpenAIServer, int]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    server = OpenAIServer(answer_harmlessly)
    application = web.Application()
    application.router.add_post("/v1/chat/completions", server._serve)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield server, int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@asynccontextmanager
async def proxy(port: int) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that leads every CONNECT to ``port`` of this machine and keeps what it was asked for."""
    asked: list[str] = []

    async def serve(client: SocketStream) -> None:
        async with client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += await client.receive()
            asked.append(head.split(b"\r\n", 1)[0].decode())
            await client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with (
                await anyio.connect_tcp("127.0.0.1", port) as server,
                anyio.create_task_group() as group,
            ):
                group.start_soon(carry, client, server)
                await carry(server, client)
                group.cancel_scope.cancel()

    async def carry(source: SocketStream, target: SocketStream) -> None:
        try:
            async for piece in source:
                await target.send(piece)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as group,
    ):
        group.start_soon(listener.serve, serve)
        number = listener.extra(anyio.abc.SocketAttribute.local_port)
        yield f"http://127.0.0.1:{number}", asked
        group.cancel_scope.cancel()


WORDS = ("generate", "--model-name", "m", "--count", "1", "--out", "run", "--pack", "retail")


async def test_an_own_authority_is_trusted_by_the_usual_variable_and_not_without_it(
    certificates: Path, tmp_path: Path
) -> None:
    async with tls_server(certificates) as (server, port):
        words = (*WORDS, "--model", f"https://127.0.0.1:{port}/v1")
        distrusted = await run_program(tmp_path, *words)
        assert distrusted.status == 2
        assert "(self-signed certificate" in distrusted.complaint or "(unable to get" in distrusted.complaint
        trusted = await run_program(tmp_path, *words, SSL_CERT_FILE=str(certificates / "ca.pem"))
    assert trusted.status == 0, trusted.err
    assert server.asked


async def test_a_proxy_is_taken_from_the_usual_variable_and_led_through_to_a_server_with_tls(
    certificates: Path, tmp_path: Path
) -> None:
    async with tls_server(certificates) as (server, port), proxy(port) as (address, asked):
        finished = await run_program(
            tmp_path,
            *WORDS,
            "--model",
            "https://model.test/v1",
            SSL_CERT_FILE=str(certificates / "ca.pem"),
            HTTPS_PROXY=address,
        )
    assert finished.status == 0, finished.err
    assert server.asked
    assert set(asked) == {"CONNECT model.test:443 HTTP/1.1"}
