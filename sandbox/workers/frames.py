"""Messages between the parent and a worker: a length, then JSON.  Never pickle: the peer may be hostile."""

from __future__ import annotations

import socket
import struct
from typing import Any

import orjson

__all__ = [
    "HEADER_BYTES",
    "MAX_FRAME_BYTES",
    "FrameError",
    "body_length",
    "body_of",
    "decode",
    "encode",
    "holds_too_much",
    "missing_bytes",
    "receive",
    "send",
]

MAX_FRAME_BYTES = 16 << 20
MAX_PARTS = 700_000
_LENGTH = struct.Struct(">I")
HEADER_BYTES = _LENGTH.size


class FrameError(Exception):
    """The peer sent something that is no frame, or closed in the middle of one."""


def encode(message: Any) -> bytes:
    """Write one message as a frame.  Raises ``FrameError`` if it is too long."""
    body = orjson.dumps(message)
    if len(body) > MAX_FRAME_BYTES:
        raise FrameError(f"a message of {len(body)} bytes is too long; the limit is {MAX_FRAME_BYTES}")
    return _LENGTH.pack(len(body)) + body


def holds_too_much(body: bytes | bytearray) -> bool:
    """Tell whether a frame holds more values than its reader takes: each needs far more memory than text."""
    return len(body) > MAX_PARTS and sum(map(body.count, (b",", b"[", b"{"))) > MAX_PARTS


def decode(body: bytes | bytearray) -> Any:
    """Read a frame's body.  Raises ``FrameError`` if it is not JSON, or too many values to keep."""
    if holds_too_much(body):
        raise FrameError(f"a frame holds more than {MAX_PARTS} values")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FrameError(f"a frame is not JSON: {error}") from None


def body_length(header: bytes | bytearray) -> int:
    """Read a frame's header.  Raises ``FrameError`` if the body would be too long."""
    length: int = _LENGTH.unpack(header)[0]
    if length > MAX_FRAME_BYTES:
        raise FrameError(f"a frame of {length} bytes is too long; the limit is {MAX_FRAME_BYTES}")
    return length


def missing_bytes(received: bytearray) -> int:
    """Say how many bytes a frame wants next: of its header, then of its body; none when it is whole."""
    if len(received) < HEADER_BYTES:
        return HEADER_BYTES - len(received)
    return HEADER_BYTES + body_length(received[:HEADER_BYTES]) - len(received)


def body_of(received: bytearray) -> bytearray:
    """Cut the header off a whole frame, which has no other use after that."""
    del received[:HEADER_BYTES]
    return received


def send(channel: socket.socket, frame: bytes) -> None:
    """Send a frame over a blocking socket."""
    channel.sendall(frame)


def receive(channel: socket.socket) -> Any:
    """Receive one message from a blocking socket; None when the peer has closed."""
    header = _exactly(channel, HEADER_BYTES)
    if header is None:
        return None
    body = _exactly(channel, body_length(header))
    if body is None:
        raise FrameError("the peer closed in the middle of a frame")
    return decode(body)


def _exactly(channel: socket.socket, count: int) -> bytearray | None:
    received = bytearray(count)
    here = 0
    with memoryview(received) as room:
        while here < count:
            part = channel.recv_into(room[here:])
            if not part and here:
                raise FrameError("the peer closed in the middle of a frame")
            if not part:
                return None
            here += part
    return received
