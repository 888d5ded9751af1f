"""The parent's asynchronous end of a socket that carries frames."""

from __future__ import annotations

import socket
from typing import Any

import anyio

from sandbox.workers.frames import FrameError, body_of, decode, missing_bytes

__all__ = ["receive", "receive_body", "receive_nowait", "send", "send_nowait"]


def send_nowait(channel: socket.socket, frame: bytes) -> int:
    """Send as much of a frame as a non-blocking socket takes now; give how many bytes that is."""
    try:
        return channel.send(frame)
    except OSError:  # it takes none now, or the peer is gone: who waits for an answer will see
        return 0


async def send(channel: socket.socket, frame: bytes, sent: int = 0) -> None:
    """Send what is not ``sent`` of a frame over a non-blocking socket.

    Raises ``OSError`` when the peer is gone.
    """
    while sent < len(frame):
        try:
            sent += channel.send(memoryview(frame)[sent:])
        except BlockingIOError:
            await anyio.wait_writable(channel)


def receive_nowait(channel: socket.socket, received: bytearray) -> bool:
    """Add what is there of a frame, no byte of what follows it; tell whether that is all of it.

    Raises ``FrameError`` when the peer is gone.
    """
    try:
        while missing := missing_bytes(received):
            part = channel.recv(min(missing, 1 << 20))
            if not part:
                raise FrameError("the peer closed")
            received += part
    except BlockingIOError:
        return False
    return True


async def receive(channel: socket.socket) -> Any:
    """Receive one message from a non-blocking socket.  Raises ``FrameError`` when the peer is gone."""
    return decode(await receive_body(channel))


async def receive_body(channel: socket.socket, begun: bytearray | None = None) -> bytearray:
    """Receive one message, or the rest of one that was begun, still written.

    Raises ``FrameError`` when the peer is gone.
    """
    received = bytearray() if begun is None else begun
    while not receive_nowait(channel, received):
        await anyio.wait_readable(channel)
    return body_of(received)
