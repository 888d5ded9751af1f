"""A toolkit as users write them: a class with state, errors of its own, and some bad habits."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal


class NotFoundError(Exception):
    """There is no such parcel."""


@dataclass
class Parcel:
    """One parcel."""

    parcel_id: str
    due: date
    weight: float = 1.5


class Node:
    """A thing that knows its parent."""

    def __init__(self, parent: Node | None = None) -> None:
        self.parent = parent
        self.children: list[Node] = []


class ParcelDesk:
    """Parcels and where they are."""

    tool_errors = (NotFoundError,)

    def __init__(self, record: Mapping[str, Any]) -> None:
        if "refuse" in record:
            raise ValueError("this record is refused")
        self.places: dict[str, str] = {"P1": "depot", "P2": "depot", **record.get("places", {})}
        self.moves = 0
        self._secret = object()

    def find(self, parcel_id: str) -> dict[str, str]:
        """Find a parcel.

        Args:
            parcel_id (str): The number on the label,
                with the letter.
        """
        if parcel_id not in self.places:
            raise NotFoundError(f"no parcel {parcel_id}")
        return {"parcel_id": parcel_id, "place": self.places[parcel_id]}

    def move(self, parcel_id: str, place: Literal["depot", "van"] = "van") -> Parcel:
        """Move a parcel."""
        self.find(parcel_id)
        self.places[parcel_id] = place
        self.moves += 1
        return Parcel(parcel_id, date(2026, 3, 14))

    def whole_state(self) -> dict[str, str]:
        """Give the very object that the state is."""
        return self.places

    def break_down(self) -> None:
        """Fail without a declaration."""
        sys.stdout.write("about to fail\n")
        raise LookupError("the shelf is empty")

    def die(self) -> None:
        """End the process."""
        os._exit(3)

    def hang(self) -> None:
        """Never answer."""
        time.sleep(3600)

    def devour(self) -> int:
        """Ask for far too much memory."""
        return len(bytearray(1 << 42))

    def leave(self) -> None:
        """Try to end the program politely."""
        raise SystemExit(1)


class Clock:
    """A second object."""

    def __init__(self) -> None:
        self.root = Node()
        self.root.children.append(Node(self.root))
        self.days = {date(2026, 3, 14)}

    def state(self) -> dict[str, int]:
        """Say what the world is."""
        return {"ticks": 0}

    def today(self) -> date:
        """Tell the day."""
        return date(2026, 3, 2)


def desk_and_clock(record: Mapping[str, Any]) -> dict[str, object]:
    """Make two objects for a record."""
    return {"desk": ParcelDesk(record), "clock": Clock()}


def add(a: int, b: int = 1) -> int:
    """Add two numbers.

    :param a: the first
    :param int b: the second
    """
    return a + b


functions = [add, Clock()]


def twins() -> list[object]:
    """Two objects with the same tools."""
    return [Clock(), Clock()]


def nothing() -> None:
    """Make nothing."""


class Mirror:
    """Shows the record that it was made of."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = dict(record)

    def show(self) -> dict[str, Any]:
        return self.record
