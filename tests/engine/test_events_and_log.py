"""The event stream and its log."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from engine import Event, EventStream, JobStarted, ReplyReceived, Usage, WidthChanged
from engine.log import log_events


def test_every_reader_gets_every_event_in_order_until_it_leaves() -> None:
    events = EventStream()
    one: list[Event] = []
    two: list[Event] = []
    leave = events.subscribe(one.append)
    events.subscribe(two.append)
    first, second = JobStarted(key="a", order=0), JobStarted(key="b", order=1)
    events.emit(first)
    leave()
    events.emit(second)
    assert one == [first]
    assert two == [first, second]


def test_a_reader_that_raises_is_a_bug_and_is_not_hidden() -> None:
    events = EventStream()

    def broken(event: Event) -> None:
        raise ZeroDivisionError(str(event))

    events.subscribe(broken)
    with pytest.raises(ZeroDivisionError):
        events.emit(WidthChanged(width=1, reason="test"))


def test_the_log_holds_one_line_of_json_for_each_event() -> None:
    file = io.StringIO()
    events = EventStream()
    events.subscribe(log_events(file))
    events.emit(ReplyReceived(purpose="plan", order=3, usage=Usage(prompt_tokens=2), seconds=0.5))
    events.emit(WidthChanged(width=4, reason="two\nlines"))
    reply, width = (json.loads(line) for line in file.getvalue().splitlines())
    assert reply["event"] == "reply_received"
    assert reply["usage"]["prompt_tokens"] == 2
    assert reply["timestamp"].endswith("Z")
    assert width["event"] == "width_changed"
    assert width["width"] == 4


def test_the_front_door_opens_without_heavy_libraries() -> None:
    code = "import sys, engine; print([m for m in ('aiohttp', 'pydantic', 'structlog') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
