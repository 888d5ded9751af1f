"""What a confined worker cannot do, tried from inside one; and frames that are no frames."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import IsolationLevel, Pack, Trajectory, open_runtime
from sandbox.workers.frames import MAX_FRAME_BYTES, FrameError, encode, receive, send
from sandbox.workers.seccomp import ALLOWED_CALLS, MACHINES, filter_program
from tests.children import children

# runs in a process of its own: confines itself, tries each thing, writes what worked to its socket
ATTEMPTS = """
import json, os, socket, sys, signal, threading
from sandbox.workers import confine
channel = socket.socket(fileno=int(sys.argv[1]))
isolation = confine.probe(confine.confine(keep=channel.fileno()))
def attempt(what):
    try:
        what()
        return True
    except BaseException:
        return False
def listen():
    server = socket.socket(); server.bind(("127.0.0.1", 0))
def thread():
    started = threading.Thread(target=lambda: None); started.start(); started.join()
def eat():
    return len(bytearray(2 << 30))
worked = {name: attempt(what) for name, what in {
    "open for reading": lambda: open("/etc/passwd"),
    "open for writing": lambda: open("/tmp/sandbox-canary", "w"),
    "list a folder": lambda: os.listdir("/"),
    "look at a file": lambda: os.stat("/etc/passwd"),
    "socket": socket.socket,
    "listen": listen,
    "fork": os.fork,
    "execute": lambda: os.execv("/bin/true", ["true"]),
    "signal the parent": lambda: os.kill(os.getppid(), 0),
    "thread": thread,
    "memory": eat,
    "pipe": os.pipe,
    "import": lambda: __import__("decimal"),
    "change limits": lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_AS, (-1, -1)),
}.items()}
channel.sendall(json.dumps([isolation.level, worked, dict(os.environ)]).encode())
"""


@pytest.fixture(scope="module")
def confined() -> tuple[str, dict[str, bool], dict[str, str]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        root = str(Path(__file__).parents[3])
        subprocess.run(
            [sys.executable, "-c", ATTEMPTS, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={"PYTHONPATH": root, "SECRET": "x"},
            check=True,
            timeout=60,
        )
        level, worked, environment = json.loads(ours.recv(1 << 16))
    return level, worked, environment


def test_a_confined_process_can_do_nothing_to_the_outside(
    confined: tuple[str, dict[str, bool], dict[str, str]],
) -> None:
    level, worked, _ = confined
    assert level == IsolationLevel.STRONG
    assert [what for what, did in worked.items() if did] == []


def test_a_confined_process_has_an_empty_environment(
    confined: tuple[str, dict[str, bool], dict[str, str]],
) -> None:
    assert confined[2] == {}


def test_a_level_is_at_least_itself_and_what_is_weaker() -> None:
    levels = [IsolationLevel.NONE, IsolationLevel.LIMITED, IsolationLevel.STRONG]
    for place, level in enumerate(levels):
        assert [other for other in levels if level.at_least(other)] == levels[: place + 1]


@pytest.mark.parametrize("machine", sorted(MACHINES))
def test_a_filter_is_whole_and_ends_with_a_refusal(machine: str) -> None:
    program = filter_program(machine)
    steps = list(struct.iter_unpack("=HBBI", program))
    assert len(steps) < 256
    assert steps[-1] == (0x06, 0, 0, 0x00050001)
    for place, (operation, if_true, if_false, _) in enumerate(steps):
        if operation in (0x15, 0x35, 0x45):
            assert place + 1 + max(if_true, if_false) < len(steps)


def test_no_call_that_starts_or_opens_anything_is_allowed() -> None:
    assert not ALLOWED_CALLS.keys() & {
        "open",
        "openat",
        "execve",
        "clone",
        "fork",
        "socket",
        "connect",
        "kill",
        "ptrace",
    }


async def test_a_worker_killed_from_outside_is_replaced(library: Pack) -> None:
    elders = children()
    trajectory = Trajectory(start="town", calls=library.tasks[0].calls)
    async with open_runtime(workers=1) as runtime:
        before = await runtime.run(library, [trajectory])
        (template,) = children() - elders
        for worker in children(template):
            os.kill(worker, signal.SIGKILL)
        assert await runtime.run(library, [trajectory]) == before


async def test_no_process_is_left_when_the_runtime_closes() -> None:
    before = children()
    async with open_runtime(workers=2):
        assert children() - before
    assert children() <= before


def test_a_frame_arrives_as_it_was_sent() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, theirs.makefile("rb") as received:
        send(ours, encode({"a": [1, "ü"]}))
        assert receive(received) == {"a": [1, "ü"]}
        ours.close()
        assert receive(received) is None


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">I", MAX_FRAME_BYTES + 1),
        struct.pack(">I", 10)[:3],
        struct.pack(">I", 10) + b"12345",
        struct.pack(">I", 0),
        struct.pack(">I", 3) + b"{{{",
    ],
    ids=["too long", "torn header", "torn", "empty", "not JSON"],
)
def test_what_is_no_frame_is_refused(sent: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, theirs.makefile("rb") as received:
        ours.sendall(sent)
        ours.close()
        with pytest.raises(FrameError):
            receive(received)
