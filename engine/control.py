"""Steering a run while it lives: how much at once, pause and go on, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from engine.events import Event, EventStream, RunPaused, RunUnpaused, WidthChanged
from engine.gates import Gates, GatesStatistics

__all__ = ["RunControl", "RunStatus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """How a run stands; ``last_change`` is the last change of the width with its reason."""

    gates: GatesStatistics
    is_paused: bool
    last_change: WidthChanged | None


class RunControl:
    """The handle of a live run.  Call it in the run's own event loop; other threads go through a portal."""

    def __init__(self, gates: Gates, events: EventStream) -> None:
        self._gates = gates
        self._events = events
        self._going = anyio.Event()
        self._going.set()
        self._last_change: WidthChanged | None = None
        events.subscribe(self._read)

    @property
    def is_paused(self) -> bool:
        return not self._going.is_set()

    def pause(self) -> None:
        """Begin no job and send no request until ``resume``; what is in flight comes home."""
        if not self.is_paused:
            self._going = anyio.Event()
            self._gates.requests.pause()
            self._events.emit(RunPaused())

    def resume(self) -> None:
        if self.is_paused:
            self._going.set()
            self._gates.requests.resume()
            self._events.emit(RunUnpaused())

    def choose_width(self, width: int | None) -> None:
        """Let so many requests be in flight, or with None as many as the servers are found to bear.

        A request that is in flight already is never called back.
        """
        if width is not None and width < 1:
            raise ValueError(f"at least one request must be allowed in flight, not {width}; pause instead")
        self._gates.requests.choose_width(width)

    def status(self) -> RunStatus:
        return RunStatus(
            gates=self._gates.statistics(), is_paused=self.is_paused, last_change=self._last_change
        )

    async def may_begin(self) -> None:
        """Wait while the run is paused."""
        await self._going.wait()

    def _read(self, event: Event) -> None:
        if isinstance(event, WidthChanged):
            self._last_change = event
