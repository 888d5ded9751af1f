"""A worker that has fallen into wrong hands: whatever it writes to its socket, only it is lost."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import AsyncIterator

import pytest

from sandbox import Call, ProcessRuntime, Trajectory, open_runtime
from sandbox.testing import conformance_pack
from sandbox.workers.frames import encode, receive, send
from tests.sandbox.containment.corpus import Attack, attacks
from tests.sandbox.containment.limits import contained

PACK = conformance_pack()
GOOD = Trajectory(start="only", calls=(Call(name="add", arguments={"amount": 2}),))


@pytest.fixture(scope="module")
async def impatient() -> AsyncIterator[ProcessRuntime]:
    async with open_runtime(workers=1, batch_seconds=0.5, call_seconds=0.5) as opened:
        yield opened


def _written(text: str) -> tuple[bytes, bool]:
    """Give what the worker writes, and whether it keeps its socket open."""
    word, _, rest = text.partition(" ")
    if word == "frame":
        body = rest.encode()
        return struct.pack(">I", len(body)) + body, True
    chosen = rest if word == "hold" else text
    return chosen.encode().decode("unicode_escape").encode("latin-1"), word == "hold"


@pytest.mark.parametrize("attack", attacks("frames"), ids=str)
async def test_a_lying_worker_is_replaced_and_nobody_notices(
    attack: Attack, impatient: ProcessRuntime
) -> None:
    expected = await impatient.run(PACK, [GOOD])
    content, keep_open = _written(attack.text)

    async def use() -> None:
        await impatient.run(PACK, [GOOD])  # so that there is a worker that knows the pack
        (worker,) = impatient._pool._idle
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        worker.channel.close()
        worker.channel = ours
        with theirs:
            writing = threading.Thread(target=_write, args=(theirs, content, keep_open))
            writing.start()
            assert await impatient.run(PACK, [GOOD]) == expected
            ours.close()
            writing.join()

    await contained(use)


def _write(channel: socket.socket, content: bytes, keep_open: bool) -> None:
    try:
        channel.sendall(content)
        if not keep_open:
            channel.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one(
    impatient: ProcessRuntime,
) -> None:
    expected = await impatient.run(PACK, [GOOD])
    (worker,) = impatient._pool._idle
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    worker.channel.close()
    worker.channel = ours
    with theirs:
        body = b'{"batch": []}'
        theirs.sendall(struct.pack(">I", len(body)) + body)
        assert await impatient.run(PACK, [GOOD]) == expected


def _answer_with_what_was_asked_before(theirs: socket.socket, real: socket.socket) -> None:
    real.setblocking(True)
    before = None
    with theirs.makefile("rb") as asked, real.makefile("rb") as answers:
        while (message := receive(asked)) is not None:
            send(real, encode(message))
            answer = encode(receive(answers))
            send(theirs, before or answer)
            before = answer


async def test_a_well_formed_answer_that_comes_late_is_not_taken_for_another_batch(
    impatient: ProcessRuntime,
) -> None:
    other = Trajectory(start="only", calls=(Call(name="add", arguments={"amount": 5}),))
    expected = await impatient.run(PACK, [GOOD]), await impatient.run(PACK, [other])
    (worker,) = impatient._pool._idle
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs, worker.channel as real:
        worker.channel = ours
        relaying = threading.Thread(target=_answer_with_what_was_asked_before, args=(theirs, real))
        relaying.start()
        assert (await impatient.run(PACK, [GOOD]), await impatient.run(PACK, [other])) == expected
        assert impatient._pool._idle != [worker]
        relaying.join()
