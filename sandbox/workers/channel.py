"""The parent's asynchronous end of a socket that carries frames."""

from __future__ import annotations

import socket
from typing import Any

import anyio

from sandbox.workers.frames import HEADER_BYTES, FrameError, body_length, decode

__all__ = ["receive", "receive_body", "send"]

FIRST_BYTES = 1 << 16  # most messages whole, with their header


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
    received = bytearray()
    while len(received) < HEADER_BYTES:
        received += await _some(channel, FIRST_BYTES)
    whole = HEADER_BYTES + body_length(received[:HEADER_BYTES])
    while len(received) < whole:
        received += await _some(channel, min(whole - len(received), 1 << 20))
    if len(received) > whole:
        raise FrameError("the peer sent more than one message")
    del received[:HEADER_BYTES]
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
