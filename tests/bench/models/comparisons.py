"""Other people's clients beside the engine, in one run; writes the section of ``docs/benchmarks.md``.

``python -m tests.bench.models.comparisons PYTHON...``: each PYTHON is the interpreter of an environment that
has one or more of them; a client runs in the first that has it, and one that none has is left out.
LiteLLM and inspect_ai need different releases of openai, so two environments::

    pip install openai==3.54.0 inspect_ai==0.3.285
    pip install litellm==1.106.2        (never 1.82.7 or 1.82.8, which steal keys)
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from engine.simulated import Behaviour, ask_statistics, serving
from tests.bench.models.study import model_server

__all__ = ["measure_comparisons"]

_PAGE = Path(__file__).parents[3] / "docs" / "benchmarks.md"
_BEGIN, _END = "<!-- comparisons -->", "<!-- end of comparisons -->"
_PEERS = {"openai": "AsyncOpenAI", "litellm": "LiteLLM", "inspect_ai": "inspect_ai generate"}
_PEER_PROGRAM = Path(__file__).with_name("peers.py")
_ADMITTED = Behaviour(seconds=0.2, spread=0.5, admits=16, retry_after=1.0)
_IDEAL_SECONDS = 1_000 * 0.2 / 16

_Figures = Mapping[str, Any]


def measure_comparisons(pythons: Sequence[str]) -> str:
    """Run both studies and give their section in Markdown."""
    peers = _found(pythons)
    return "\n".join([*_speed_lines(peers), "", *anyio.run(_limits_lines, peers)])


def _found(pythons: Sequence[str]) -> dict[str, str]:
    """Which interpreter runs which client."""
    found: dict[str, str] = {}
    for client in _PEERS:
        for python in pythons:
            seen = subprocess.run([python, "-c", f"import {client}"], capture_output=True, check=False)
            if seen.returncode == 0:
                found.setdefault(client, python)
    return found


def _run(command: Sequence[str]) -> _Figures:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    figures: _Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _named(client: str, figures: _Figures) -> str:
    return f"{_PEERS[client]} {figures['version']}"


def _speed_lines(peers: Mapping[str, str]) -> list[str]:
    own = [sys.executable, "-m", "tests.bench.models.client"]
    rows: list[tuple[str, _Figures]] = []
    with model_server() as port:
        url = f"http://127.0.0.1:{port}/v1"
        rows.append(("bare aiohttp loop", _run([*own, "bare", port])))
        rows.append(("bare aiohttp loop, garbage collected rarely", _run([*own, "bare", port, "rarely"])))
        rows.append(("toolace-mt's engine, everything on", _run([*own, "engine", port, "rarely"])))
        for client, python in peers.items():
            figures = _run([python, str(_PEER_PROGRAM), client, "speed", url])
            rows.append((_named(client, figures), figures))
    return [
        "### 2,000 requests, 200 in flight, a loopback server that answers after 50 ms",
        "",
        "| client | requests/s | CPU ms per request | peak MB |",
        "|---|---|---|---|",
        *(
            f"| {name} | {seen['per_second']:,.0f} | {seen['cpu_ms']:.2f} | {seen['peak_mb']:.0f} |"
            for name, seen in rows
        ),
    ]


async def _limits_lines(peers: Mapping[str, str]) -> list[str]:
    rows = [await _limited("toolace-mt's engine", [sys.executable, "-m", "tests.bench.models.limited"])]
    for client, python in peers.items():
        rows.append(await _limited(client, [python, str(_PEER_PROGRAM), client, "limits"]))
    return [
        "### 1,000 requests to a server that admits 16 and answers 429 with `Retry-After: 1` beyond",
        "",
        f"200 ms an answer, give or take half, so {_IDEAL_SECONDS:.1f} s are ideal.  Each client retries as",
        "it does by default, LiteLLM as told (5 times), inspect_ai with adaptive connections.",
        "",
        "| client | times the ideal | refusals caused | requests lost |",
        "|---|---|---|---|",
        *rows,
    ]


async def _limited(client: str, command: Sequence[str]) -> str:
    async with serving(_ADMITTED) as server:
        seen = await anyio.to_thread.run_sync(partial(_run, [*command, server.url]))
        counts = await ask_statistics(server.url)
    name = _named(client, seen) if client in _PEERS else client
    return f"| {name} | {seen['seconds'] / _IDEAL_SECONDS:.2f} | {counts['refusals']:,} | {seen['lost']:,} |"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _write(section: str) -> None:
    page = _PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    _PAGE.write_text(f"{head}{_BEGIN}\n\n{_machine()}.\n\n{section}\n\n{_END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    _write(measure_comparisons(sys.argv[1:]))
