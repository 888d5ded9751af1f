"""The line that tells how far a run is, and how long it may take."""

from __future__ import annotations

import io

from rich.console import Console

from engine import JobEnded, JobStarted, RequestRetried
from toolace_mt.commands.progress import Display, showing_progress
from toolace_mt.events import DialogueEnded, RunOpened


def ended(number: int, *, replayed: bool = False) -> DialogueEnded:
    return DialogueEnded(id=str(number), accepted=True, rule=None, turns=4, calls=2, replayed=replayed)


def after(seconds: float, *, started: int, accepted: int, replayed: int = 0, wanted: int = 8) -> str:
    """Give the line at a time when so many dialogues began and were accepted, some of them from before."""
    now = [0.0]
    with showing_progress(Console(file=io.StringIO()), clock=lambda: now[0]) as display:
        read_all(display, started=started, accepted=accepted, replayed=replayed, wanted=wanted)
        now[0] = seconds
        return display.line()


def read_all(display: Display, *, started: int, accepted: int, replayed: int, wanted: int) -> None:
    display.read(RunOpened(wanted=wanted, model="m", isolation="strong", out="out"))
    for number in range(started):
        display.read(JobStarted(key=str(number), order=number))
    for number in range(accepted):
        display.read(ended(number, replayed=number < replayed))
        display.read(JobEnded(key=str(number), order=number, outcome="done", seconds=1))


def test_before_the_first_dialogue_nothing_is_projected() -> None:
    assert "left" not in after(60, started=4, accepted=0)


def test_dialogues_in_work_count_as_half_made() -> None:
    assert "about 3:20 left" in after(120, started=5, accepted=1)  # 3 of 8 made in 120 s, 5 to make
    assert "about 0:15 left" in after(225, started=8, accepted=7)


def test_what_was_made_before_says_nothing_of_the_pace() -> None:
    assert "left" not in after(60, started=4, accepted=4, replayed=4)
    assert "about 2:00 left" in after(60, started=6, accepted=6, replayed=5)


def test_a_run_that_has_all_says_no_time() -> None:
    assert "left" not in after(60, started=8, accepted=8)


def test_where_there_is_no_terminal_trouble_is_told_when_a_line_is_due_and_once() -> None:
    now, out = [0.0], io.StringIO()
    down = RequestRetried(purpose="p", order=0, attempt=1, delay_seconds=0.5, reason="m answered 500")
    with showing_progress(Console(file=out), clock=lambda: now[0]) as display:
        display.read(RunOpened(wanted=8, model="m", isolation="strong", out="out"))
        for now[0] in (1.0, 2.0, 12.0):
            display.read(down)
    first, second = out.getvalue().splitlines()
    assert first.endswith("so far; asked again in 0.5 s: m answered 500")
    assert second.endswith("0:12 so far")
