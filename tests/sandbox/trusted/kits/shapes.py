"""Factories that give their tools in every shape that people have them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial


class Shelf:
    def __init__(self) -> None:
        self.things: list[str] = []

    def put(self, thing: str) -> int:
        self.things.append(thing)
        return len(self.things)

    async def look(self) -> list[str]:
        return self.things

    def walk(self) -> Iterator[str]:
        yield from self.things


def by_method() -> dict[str, Callable[..., object]]:
    shelf = Shelf()
    return {"store": shelf.put, "look": shelf.look}


def by_function() -> dict[str, Callable[..., object]]:
    return {"double": lambda number: 2 * number, "hex": partial(int, base=16), "size": len}


def by_data() -> dict[str, object]:
    data: dict[str, list[str]] = {"things": []}
    return {"data": data, "store": partial(_stored, data)}


def _stored(data: dict[str, list[str]], thing: str) -> int:
    data["things"].append(thing)
    return len(data["things"])


def by_list() -> list[Callable[..., object]]:
    shelf = Shelf()
    return [shelf.put, shelf.look, shelf.walk]


class Nothing:
    """Its tools are attributes of the instance, which are the world and no tools."""


def nothing() -> Nothing:
    return Nothing()
