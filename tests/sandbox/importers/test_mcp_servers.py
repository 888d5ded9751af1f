"""A pack served as an MCP server to the official client, and imported back from there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Call, ImportFailed, Returned, Trajectory, import_pack, run

if find_spec("mcp") is None:
    pytest.skip("the extra mcp is not installed", allow_module_level=True)
if TYPE_CHECKING:
    from mcp import Client

LIBRARY = Path(__file__).parents[1] / "packs" / "library"
COMMAND = [sys.executable, "-m", "toolace_mt", "packs", "serve", str(LIBRARY)]
LEND = {"book_id": "B-1", "member_id": "M-1"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the library over HTTP; give its address."""
    with subprocess.Popen([*COMMAND, "--http", "0"], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        yield server.stderr.readline().split()[-1]
        server.terminate()


def over_stdio() -> Client:
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    assert sys.__stderr__ is not None
    server = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:])
    return Client(stdio_client(server, errlog=sys.__stderr__))


def over_http(address: str, **options: Any) -> Client:
    from mcp import Client

    return Client(address, **options)


async def lend(client: Client) -> Any:
    answer = await client.call_tool("lend_book", LEND)
    assert not answer.is_error, answer
    return answer.structured_content["loan_id"]


async def test_the_client_sees_the_packs_tools_and_no_hint_of_ours() -> None:
    async with over_stdio() as client:
        tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == ["find_books", "lend_book", "return_book"]
    assert all("x-" not in str(tool.input_schema) for tool in tools)
    assert [tool.annotations.read_only_hint for tool in tools if tool.annotations] == [True, False, False]


async def test_one_session_is_one_world_and_a_failed_call_is_told_as_such() -> None:
    async with over_stdio() as client:
        assert (await lend(client), await lend(client)) == ("N1", "N2")
        failed = await client.call_tool("lend_book", {"book_id": "B-9", "member_id": "M-1"})
        unknown = await client.call_tool("burn_book", {})
    assert (failed.is_error, unknown.is_error) == (True, True)
    assert "unknown_tool" in str(unknown.content)


async def test_sessions_over_http_have_worlds_of_their_own(address: str) -> None:
    async with over_http(address) as first, over_http(address) as second:
        assert [await lend(client) for client in (first, second, first, second)] == ["N1", "N1", "N2", "N2"]


async def test_a_call_without_a_session_is_refused_over_http(address: str) -> None:
    from mcp.shared.exceptions import MCPError

    async with over_http(address, mode="2026-07-28") as client:
        with pytest.raises((MCPError, AssertionError)):
            await lend(client)


async def test_a_server_is_imported_with_what_it_answered(address: str, tmp_path: Path) -> None:
    found = Call(name="find_books", arguments={"author": "Jane Austen"})
    source, calls = "mcp:" + " ".join(COMMAND), (Call(name="find_books"), Call(name="burn_book"))
    piped = await import_pack(source, str(tmp_path / "piped"), calls=calls)
    remote = await import_pack(address, str(tmp_path / "remote"))
    assert (piped.pack.mock, remote.pack.mock) == ("recorded", "schema-true")
    assert any(note.startswith("burn_book failed") for note in piped.notes)
    assert [tool.parameters for tool in piped.pack.tools] == [tool.parameters for tool in remote.pack.tools]
    (done,) = run(piped.pack, [Trajectory(start="mock", calls=(calls[0], found))])
    answer = done.steps[0].outcome
    assert isinstance(answer, Returned)
    assert "Emma" in str(answer.value)


IMPORT_WITHOUT_STANDARD_ERROR = """
import contextlib, io, sys
with contextlib.redirect_stderr(io.StringIO()):
    import mcp
import anyio
from sandbox.importers.mcp_server import read_mcp
print(len(anyio.run(read_mcp, sys.argv[1]).tools))
"""


def test_it_does_not_matter_what_stood_for_standard_error_when_mcp_was_imported() -> None:
    command = [sys.executable, "-c", IMPORT_WITHOUT_STANDARD_ERROR, "mcp:" + " ".join(COMMAND)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "3", done.stderr


@pytest.mark.parametrize(
    "source", ["mcp:/no/such/command", f"mcp:{sys.executable} -c pass", "http://127.0.0.1:9/mcp"]
)
async def test_a_server_that_is_not_there_is_one_line(source: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="is the server there") as caught:
        await import_pack(source, str(tmp_path / "none"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_on_standard_input_ends_at_once_when_it_is_told_to(number: signal.Signals) -> None:
    greeting = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(f"{json.dumps(greeting)}\n")
        server.stdin.flush()
        assert '"serverInfo"' in server.stdout.readline()
        server.send_signal(number)
        try:
            assert server.wait(20) == 128 + number
        finally:
            server.kill()
