"""The parent's asynchronous end of a socket that carries frames."""

from __future__ import annotations

import socket
from typing import Any

import anyio

from sandbox.frames import HEADER_BYTES, FrameError, body_length, decode

__all__ = ["receive", "receive_body", "send"]


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
    header = await _exactly(channel, HEADER_BYTES)
    return await _exactly(channel, body_length(header))


async def _exactly(channel: socket.socket, count: int) -> bytearray:
    received = bytearray()
    while len(received) < count:
        try:
            part = channel.recv(min(count - len(received), 1 << 20))
        except BlockingIOError:
            await anyio.wait_readable(channel)
            continue
        if not part:
            raise FrameError("the peer closed")
        received += part
    return received
