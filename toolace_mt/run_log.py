"""The log of a run: every event as a line of JSON, beside the run's other files.

Replies are nearly all of its lines, so they reach the file with the next other event, or a second later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from engine import Event, EventStream, ReplyReceived
from engine.log import log_events
from toolace_mt.errors import RunFolderError

__all__ = ["LOG_NAME", "logging_to"]

LOG_NAME: Final = "run.log"

_SECONDS_HELD: Final = 1.0


@contextmanager
def logging_to(
    path: Path, events: EventStream, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Append each event to the file while the block lasts.

    Raises ``RunFolderError`` when the disk does not take it, here or from ``events.emit``.
    """
    try:
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise _refused(path, error) from None
    write = log_events(file)
    flushed_at = clock()

    def read(event: Event) -> None:
        nonlocal flushed_at
        try:
            write(event)
            if not isinstance(event, ReplyReceived) or clock() - flushed_at >= _SECONDS_HELD:
                file.flush()
                flushed_at = clock()
        except OSError as error:
            raise _refused(path, error) from None

    unsubscribe = events.subscribe(read)
    try:
        yield
    finally:
        unsubscribe()
        with suppress(OSError):  # said already, when the line was written
            file.close()


def _refused(path: Path, error: OSError) -> RunFolderError:
    return RunFolderError(f"{path}: {error.strerror}; make it writable and add --resume to go on")
