"""Children are found whichever thread started them, also while threads come and go."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.children import children

_WAITS = [sys.executable, "-c", "input()"]


@pytest.fixture
def restless_threads() -> Iterator[None]:
    interval, over = sys.getswitchinterval(), threading.Event()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=_start_threads_until, args=(over,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)


def _start_threads_until(over: threading.Event) -> None:
    while not over.is_set():
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()


@pytest.mark.usefixtures("restless_threads")
def test_children_are_found_while_threads_end() -> None:
    with ThreadPoolExecutor(1) as starter:
        waiting = starter.submit(subprocess.Popen[bytes], _WAITS, stdin=subprocess.PIPE).result()
    with waiting:
        assert all(waiting.pid in children() for _ in range(500))
    assert waiting.pid not in children()
