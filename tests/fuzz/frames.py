"""Frames that a worker might write: whatever they are, they are read or refused with ``FrameError``."""

from __future__ import annotations

import contextlib
import random

import orjson

from sandbox import Call, Execution, Trajectory
from sandbox.testing import conformance_pack
from sandbox.workers.answers import read_executions, read_reply
from sandbox.workers.frames import HEADER_BYTES, FrameError, body_length, encode

__all__ = ["attack_frames"]

PACK = conformance_pack()
ASKED = Trajectory(start="only", calls=(Call(name="peek"), Call(name="draw")), keep_snapshots=True)
KEPT = [[{"A": 1}, {"totals": {"T": {"sum": 1}}}, []], [{}, {}, ["notes"]]]
EXECUTION = {
    "results": [{"sum": 0}, None],
    "digests": ["digest", "digest"],
    "used": [12, None],
    "faults": [[1, "budget", "budget", "text"]],
    "digest": "x",
    "kept": KEPT,
    "tables": {},
    "gone": [],
    "counters": {"A": 1},
}
ANSWER = {"batch": [EXECUTION]}
ODD: tuple[object, ...] = (
    None, True, 0, -1, 2**63, 1.5, "", "x" * 50, "__class__", [], {}, [[]], {"": None}, ["crash", 1, 2],
)  # fmt: skip


def attack_frames(chance: random.Random) -> str:
    """Write one frame, spoil it and read it; give it as text.  Raises whatever is no ``FrameError``."""
    frame = bytearray(encode(_spoilt(ANSWER, chance, 0)))
    for _ in range(chance.choice((0, 0, 0, 1, 2, 8))):
        _spoil_bytes(frame, chance)
    note = repr(bytes(frame))
    try:
        _read(frame)
    except FrameError:
        pass
    except BaseException as error:
        error.add_note(note)
        raise
    return note


def _read(frame: bytearray) -> None:
    if len(frame) < HEADER_BYTES:
        raise FrameError("torn")
    length = body_length(frame[:HEADER_BYTES])
    answers = read_reply(frame[HEADER_BYTES : HEADER_BYTES + length]).batch
    if answers is None:
        raise FrameError("no answer")
    for execution in read_executions([ASKED], PACK, answers):
        assert isinstance(execution, Execution)
        orjson.dumps([step.state_digest for step in execution.steps])


def _spoilt(value: object, chance: random.Random, depth: int) -> object:
    if chance.random() < 0.04:
        return chance.choice(ODD)
    if isinstance(value, dict):
        parts = {key: _spoilt(part, chance, depth + 1) for key, part in value.items()}
        if parts and chance.random() < 0.05:
            parts.pop(chance.choice(list(parts)))
        return parts
    if isinstance(value, list):
        rows = [_spoilt(part, chance, depth + 1) for part in value]
        if rows and chance.random() < 0.05:
            rows.insert(chance.randrange(len(rows)), chance.choice(rows))
        if rows and chance.random() < 0.05:
            rows.pop()
        return rows
    return value


def _spoil_bytes(frame: bytearray, chance: random.Random) -> None:
    with contextlib.suppress(ValueError, IndexError):
        place = chance.randrange(len(frame))
        match chance.randrange(4):
            case 0:
                frame[place] = chance.randrange(256)
            case 1:
                del frame[place : place + chance.randrange(1, 9)]
            case 2:
                frame[place:place] = frame[place : place + 8]
            case _:
                del frame[place:]
