"""How long this side has worked."""

from __future__ import annotations

import time

from engine import own_seconds


def test_all_that_this_thread_runs_counts() -> None:
    before, ran = own_seconds(), time.thread_time()
    while time.thread_time() - ran < 0.01:
        pass
    assert own_seconds() - before > 0.009


def test_it_never_goes_back() -> None:
    moments = [own_seconds() for _ in range(100)]
    assert moments == sorted(moments)
