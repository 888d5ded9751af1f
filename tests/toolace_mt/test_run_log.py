"""Every event of a run is a line of its log; a disk that takes no line is named."""

import json
from pathlib import Path

import pytest

from engine import EventStream, ReplyReceived, Usage
from toolace_mt.errors import RunFolderError
from toolace_mt.events import DialogueEnded
from toolace_mt.run_log import logging_to

REPLY = ReplyReceived(purpose="judge", order=0, usage=Usage(), seconds=0.1)
ENDED = DialogueEnded(id="d0", accepted=True, rule=None, turns=3, calls=1)


def test_events_are_appended_while_the_block_lasts_and_not_after(tmp_path: Path) -> None:
    events = EventStream()
    path = tmp_path / "run.log"
    for _ in range(2):
        with logging_to(path, events):
            events.emit(ENDED)
    events.emit(ENDED)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["id"], line["accepted"]) for line in lines] == [
        ("dialogue_ended", "d0", True)
    ] * 2


def test_replies_wait_for_another_event_or_a_second(tmp_path: Path) -> None:
    events, path, now = EventStream(), tmp_path / "run.log", [0.0]

    def lines() -> int:
        return path.read_text(encoding="utf-8").count("\n")

    with logging_to(path, events, clock=lambda: now[0]):
        events.emit(REPLY)
        assert lines() == 0
        events.emit(ENDED)
        assert lines() == 2
        now[0] = 0.9
        events.emit(REPLY)
        assert lines() == 2
        now[0] = 1.1
        events.emit(REPLY)
        assert lines() == 4
        events.emit(REPLY)
    assert lines() == 5


def test_a_log_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(RunFolderError, match=r"gone/run\.log: No such file"),
        logging_to(tmp_path / "gone" / "run.log", EventStream()),
    ):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the platform has no full device")
def test_a_full_disk_is_named_when_the_line_is_written() -> None:
    events = EventStream()
    with logging_to(Path("/dev/full"), events), pytest.raises(RunFolderError, match="/dev/full: No space"):
        events.emit(ENDED)
