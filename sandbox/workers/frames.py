"""Messages between the parent and a worker: a length, then JSON.  Never pickle: the peer may be hostile."""

from __future__ import annotations

import socket
import struct
from typing import Any, BinaryIO

import orjson

__all__ = [
    "BUFFER_BYTES",
    "HEADER_BYTES",
    "MAX_FRAME_BYTES",
    "FrameError",
    "body_length",
    "body_of",
    "check_amount",
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
BUFFER_BYTES = 32 << 10
"""A worker's stream takes this much at once: most often a header and all that follows it."""


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


def check_amount(body: bytes | bytearray) -> None:
    """Raise ``FrameError`` if a frame holds too many values to keep."""
    if holds_too_much(body):
        raise FrameError(f"a frame holds more than {MAX_PARTS} values")


def decode(body: bytes | bytearray) -> Any:
    """Read a frame's body.  Raises ``FrameError`` if it is not JSON, or too many values to keep."""
    check_amount(body)
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


def receive(stream: BinaryIO) -> Any:
    """Read one message from a blocking stream; None when the peer has closed."""
    header = stream.read(HEADER_BYTES)
    if not header:
        return None
    length = body_length(header) if len(header) == HEADER_BYTES else 1
    body = stream.read(length)
    if len(body) < length:
        raise FrameError("the peer closed in the middle of a frame")
    return decode(body)
