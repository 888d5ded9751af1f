"""What stands in for attributes, subscripts and iteration in tool code (see ``sandbox.language.rewriting``).

Every guard answers exactly as Python would for plain values of reasonable size, and ends the call otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from sandbox.language.meter import VIEWS, ForbiddenUse, Meter, StepBudgetExceeded

__all__ = ["LONG_TEXT", "MAX_LIGHT", "SCALARS", "SIZED", "STREAMS", "Access"]

SCALARS = frozenset({str, int, float, bool, type(None)})
SIZED = frozenset({list, tuple, dict, str, range}) | VIEWS
STREAMS = frozenset({type(_ for _ in ()), enumerate, zip, reversed, type(reversed([]))})
MAX_KEY = 1 << 60
MAX_LIGHT = (1 << 63) - 1  # integers that JSON readers agree on
LONG_TEXT = 1_024


def _in_order(values: set[Any] | frozenset[Any]) -> list[Any]:
    """List a set in an order that does not depend on hashes."""
    try:
        return sorted(values, key=lambda value: (type(value).__name__, value))
    except TypeError:
        return sorted(values, key=repr)


class Access:
    """The guards of what is read from values, put into them and taken out one by one."""

    def __init__(self, meter: Meter, methods: Mapping[tuple[type, str], Callable[..., Any] | None]) -> None:
        self.meter = meter
        self.methods = methods

    # attributes and items

    def attribute(self, owner: object, name: str) -> Any:
        """Look up a method or a field of the tool context; nothing else has attributes."""
        try:
            guard = self.methods[type(owner), name]
        except KeyError:
            raise AttributeError(f"{type(owner).__name__!r} has no attribute {name!r} here") from None
        return getattr(owner, name) if guard is None else partial(guard, owner)

    def get(self, owner: Any, key: Any, default: Any = None) -> Any:
        """Call ``owner.get(key, default)``."""
        if type(owner) is dict:
            return owner.get(key if type(key) is str else self.key(key), default)
        return self.attribute(owner, "get")(key, default)

    def items(self, owner: Any) -> Any:
        """Call ``owner.items()``."""
        return owner.items() if type(owner) is dict else self.attribute(owner, "items")()

    def values(self, owner: Any) -> Any:
        """Call ``owner.values()``."""
        return owner.values() if type(owner) is dict else self.attribute(owner, "values")()

    def key(self, key: Any) -> Any:
        """Let through what may be a dictionary's key or a set's element."""
        kind = type(key)
        if kind is str or kind is bool or key is None:
            return key
        if kind is int or kind is float:
            if -MAX_KEY < key < MAX_KEY:
                return key
            raise StepBudgetExceeded("a number beyond 60 bits as a key")
        if kind is tuple:
            self.meter.tuple_as_key(len(key))
            if all(type(part) is not tuple for part in key):
                for part in key:
                    self.key(part)
                return key
            raise ForbiddenUse("a key is text, a number, or a flat tuple of them")
        raise TypeError(f"unhashable type: {kind.__name__!r}")

    def item(self, owner: Any, key: Any) -> Any:
        """Read ``owner[key]``."""
        kind = type(key)
        if kind is str or kind is int:
            return owner[key]
        if kind is slice:
            part = owner[key]
            self.meter.charge(len(part) >> 3)
            return part
        return owner[self.key(key)]

    def set_item(self, value: Any, owner: Any, key: Any) -> None:
        """Do ``owner[key] = value``."""
        kind = type(owner)
        if kind is not dict and kind is not list:
            raise TypeError(f"{kind.__name__!r} does not support item assignment")
        meter = self.meter
        meter.wrote = True
        if type(value) is not int or not -MAX_LIGHT <= value <= MAX_LIGHT:
            self.attached(value)
        if type(key) is slice:
            meter.charge(len(owner) + len(value))
            owner[key] = list(self.iterate(value))
            meter.bound(len(owner))
            return
        size = len(owner)
        if type(key) is str:
            owner[key] = value
            if len(owner) != size:
                meter.reordered = True
        else:
            owner[self.key(key)] = value
            if len(owner) != size:
                meter.attached = True  # a key that is no text
        meter.left -= 1
        if meter.left < 0:
            meter.end()

    def delete_item(self, owner: Any, key: Any) -> None:
        """Do ``del owner[key]``."""
        if type(owner) is not dict and type(owner) is not list:
            raise TypeError(f"{type(owner).__name__!r} does not support item deletion")
        self.meter.wrote = True
        self.meter.charge(1 + (len(owner) >> 3))
        del owner[key if type(key) is slice else self.key(key)]

    def attached(self, value: Any) -> Any:
        """Note that a value goes into a container by a method."""
        meter = self.meter
        meter.wrote = True
        kind = type(value)
        if kind is str:
            if len(value) > LONG_TEXT:  # one long text in many places is long to write
                meter.attached = True
        elif kind is int:
            if not -MAX_LIGHT <= value <= MAX_LIGHT:
                meter.attached = True
        elif kind is not bool and value is not None:  # a float may be no number
            meter.attached = True
        return value

    def spread(self, value: Any) -> Any:
        """Let through what ``{**value}`` copies."""
        if type(value) is not dict:
            raise TypeError(f"{type(value).__name__!r} is not a dictionary")
        self.meter.charge(len(value))
        return value

    # iteration

    def iterate(self, values: Any) -> Iterator[Any]:
        """Iterate over a snapshot of ``values``, paid for in advance."""
        kind = type(values)
        if kind is list or kind in SIZED:
            meter = self.meter
            meter.left -= 1 + len(values)
            if meter.left < 0:
                meter.end()
            return iter(tuple(values) if kind is list else values)
        if kind is set or kind is frozenset:
            self.meter.charge(1 + 2 * len(values))
            return iter(_in_order(values))
        if kind in STREAMS:
            self.meter.stream_of_stream()
            return self.counted(values)
        raise TypeError(f"{kind.__name__!r} object is not iterable")

    def listed(self, values: Any) -> list[Any]:
        """List what ``iterate`` would give.

        A stream is listed first and paid for then: what it draws from was paid for, element by element.
        """
        kind = type(values)
        if kind in SIZED:
            meter = self.meter
            meter.left -= 1 + len(values)
            if meter.left < 0:
                meter.end()
            return list(values)
        if kind not in STREAMS:
            return list(self.iterate(values))
        self.meter.stream_of_stream()
        items = list(values)
        self.meter.charge(len(items))
        return items

    def counted(self, stream: Iterator[Any]) -> Iterator[Any]:
        """Iterate over a stream, paid for as it goes."""
        tick = self.meter.tick
        for value in stream:
            tick()
            yield value

    def iterate_pairs(self, values: Any) -> Iterator[Any]:
        """Iterate over values that a loop unpacks into several names."""
        for value in self.iterate(values):
            yield self.unpack(value)

    def unpack(self, value: Any) -> Any:
        """Let through what several names are assigned from."""
        return value if type(value) in (tuple, list) else tuple(self.iterate(value))
