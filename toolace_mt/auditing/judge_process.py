"""The child side of an audit in several processes: reads batches, judges them, writes what it found."""

from __future__ import annotations

import os
import pickle
import sys

from toolace_mt.auditing.batch import judge_batch
from toolace_mt.garbage import collect_rarely

__all__ = ["serve"]


def serve() -> None:
    """Answer each batch on standard input, with its judgement or with the exception that it raised."""
    told = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what anybody prints is no answer
    collect_rarely()
    while True:
        try:
            batch = pickle.load(sys.stdin.buffer)  # noqa: S301  # the parent's own
        except EOFError:
            return
        try:
            answer: object = judge_batch(batch)
        except Exception as error:  # noqa: BLE001  # the parent raises it
            answer = error
        try:
            told.write(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
            told.flush()
        except BrokenPipeError:  # the parent has ended
            return
