"""The parent's asynchronous end of a socket that carries frames."""

from __future__ import annotations

import socket
from typing import Any

import anyio

from sandbox.workers.frames import HEADER_BYTES, FrameError, body_length, decode

__all__ = ["receive", "receive_body", "send", "send_nowait"]


def send_nowait(channel: socket.socket, frame: bytes) -> int:
    """Send as much of a frame as a non-blocking socket takes now; give how many bytes that is."""
    try:
        return channel.send(frame)
    except OSError:  # it takes none now, or the peer is gone: who waits for an answer will see
        return 0


async def send(channel: socket.socket, frame: bytes) -> None:
    """Send a frame over a non-blocking socket.  Raises ``OSError`` when the peer is gone."""
    rest = memoryview(frame)
    while rest:
        try:
            rest = rest[channel.send(rest) :]
        except BlockingIOError:
            await anyio.wait_writable(channel)


async def receive(channel: socket.socket) -> Any:
    """Receive one message from a non-blocking socket.  Raises ``FrameError`` when the peer is gone."""
    return decode(await receive_body(channel))


async def receive_body(channel: socket.socket) -> bytearray:
    """Receive one message, still written.  Raises ``FrameError`` when the peer is gone."""
    # No byte more: what follows may be the answer to the next request.
    length = body_length(await _exactly(channel, HEADER_BYTES))
    return await _exactly(channel, length)


async def _exactly(channel: socket.socket, count: int) -> bytearray:
    received = bytearray()
    while len(received) < count:
        received += await _some(channel, min(count - len(received), 1 << 20))
    return received


async def _some(channel: socket.socket, most: int) -> bytes:
    while True:
        try:
            part = channel.recv(most)
        except BlockingIOError:
            await anyio.wait_readable(channel)
            continue
        if not part:
            raise FrameError("the peer closed")
        return part
