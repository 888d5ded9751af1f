"""What stands in for operators, subscripts and iteration in tool code (see ``sandbox.language.rewriting``).

Every guard answers exactly as Python would for plain values of reasonable size, and ends the call otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from sandbox.language.meter import MAX_INTEGER_BITS, VIEWS, ForbiddenUse, Meter, StepBudgetExceeded
from sandbox.language.showing import check_shown, exception_text

__all__ = ["SCALARS", "Operators", "in_order"]

SCALARS = frozenset({str, int, float, bool, type(None)})
CHEAP = SCALARS - {float}  # a float may be no number, which the state's check must see
SIZED = frozenset({list, tuple, dict, str, range}) | VIEWS
STREAMS = frozenset({type(_ for _ in ()), enumerate, zip, reversed, type(reversed([]))})
SETS = frozenset({set, frozenset, type({}.keys())})  # not items: their values would be hashed
MAX_KEY = 1 << 60
MAX_LIGHT = (1 << 63) - 1  # integers that JSON readers agree on
LONG_TEXT = 1_024


def in_order(values: set[Any] | frozenset[Any]) -> list[Any]:
    """List a set in an order that does not depend on hashes."""
    try:
        return sorted(values, key=lambda value: (type(value).__name__, value))
    except TypeError:
        return sorted(values, key=repr)


class Operators:
    """The guards of one worker; all of them charge the same meter."""

    def __init__(self, meter: Meter, methods: Mapping[tuple[type, str], Callable[..., Any] | None]) -> None:
        self.meter = meter
        self.methods = methods

    def names(self) -> dict[str, Any]:
        """Give the guards under the names by which rewritten code calls them."""
        return {
            "_add_": self.add,
            "_and_": self.intersection,
            "_attached_": self.attached,
            "_comparable_": self.comparable,
            "_contains_": self.contains,
            "_delitem_": self.delete_item,
            "_getattr_": self.attribute,
            "_getitem_": self.item,
            "_getiter_": self.iterate,
            "_getpairs_": self.iterate_pairs,
            "_iadd_": self.add_in_place,
            "_imul_": self.multiply_in_place,
            "_ior_": self.union_in_place,
            "_key_": self.key,
            "_mod_": self.modulo,
            "_mul_": self.multiply,
            "_or_": self.union,
            "_pow_": self.power,
            "_setitem_": self.set_item,
            "_shift_": self.shift_left,
            "_show_": self.show,
            "_slice_": slice,
            "_spread_": self.spread,
            "_sub_": self.subtract,
            "_take_": self.meter.take,
            "_tick_": self.meter.tick,
            "_unpack_": self.unpack,
            "_xor_": self.symmetric_difference,
        }

    # attributes and items

    def attribute(self, owner: object, name: str) -> Any:
        """Look up a method or a field of the tool context; nothing else has attributes."""
        try:
            guard = self.methods[type(owner), name]
        except KeyError:
            raise AttributeError(f"{type(owner).__name__!r} has no attribute {name!r} here") from None
        return getattr(owner, name) if guard is None else partial(guard, owner)

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
        self.attached(value)
        if type(key) is slice:
            self.meter.charge(len(owner) + len(value))
            owner[key] = list(self.iterate(value))
            self.meter.bound(len(owner))
            return
        size = len(owner)
        owner[key if type(key) is str else self.key(key)] = value
        if len(owner) != size:
            self.meter.attached = True
        self.meter.tick()

    def delete_item(self, owner: Any, key: Any) -> None:
        """Do ``del owner[key]``."""
        if type(owner) is not dict and type(owner) is not list:
            raise TypeError(f"{type(owner).__name__!r} does not support item deletion")
        self.meter.wrote = True
        self.meter.charge(1 + (len(owner) >> 3))
        del owner[key if type(key) is slice else self.key(key)]

    def attached(self, value: Any) -> Any:
        """Note that a value goes into a container by a method."""
        self.meter.wrote = True
        kind = type(value)
        if kind not in CHEAP or (kind is int and not -MAX_LIGHT <= value <= MAX_LIGHT):
            self.meter.attached = True
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
        if kind is list:
            self.meter.charge(1 + len(values))
            return iter(tuple(values))
        if kind in SIZED:
            self.meter.charge(1 + len(values))
            return iter(values)
        if kind is set or kind is frozenset:
            self.meter.charge(1 + 2 * len(values))
            return iter(in_order(values))
        if kind in STREAMS:
            self.meter.stream_of_stream()
            return self._counted(values)
        raise TypeError(f"{kind.__name__!r} object is not iterable")

    def _counted(self, stream: Iterator[Any]) -> Iterator[Any]:
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

    # operators

    def comparable(self, value: Any) -> Any:
        """Let through an operand of a comparison, charged for its size."""
        kind = type(value)
        if kind is str:
            if len(value) > LONG_TEXT:
                self.meter.charge(len(value) >> 10)
        elif kind not in SCALARS:
            self.meter.weigh(value)
        return value

    def contains(self, value: Any, container: Any) -> bool:
        """Answer ``value in container``."""
        kind = type(container)
        if kind is dict or kind is set or kind is frozenset:
            return self.key(value) in container
        if kind is str:
            self.meter.search(container, value)
        elif kind in SIZED:
            self.meter.charge(1 + (len(container) >> 1) if kind is not range else 1)
            if type(value) not in SCALARS:
                self.meter.weigh(value)
                self.meter.weigh(list(container))
        elif kind in STREAMS:
            return self.comparable(value) in self._counted(container)
        return value in container

    def add(self, left: Any, right: Any) -> Any:
        """Answer ``left + right``."""
        kind = type(left)
        if kind is str:
            if type(right) is str:
                self.meter.bound_text(len(left) + len(right))
        elif kind is list or kind is tuple:
            if type(right) is kind:
                self.meter.bound(len(left) + len(right))
                self.meter.charge((len(left) + len(right)) >> 2)
        else:
            return self.small(left + right)
        return left + right

    def add_in_place(self, left: Any, right: Any) -> Any:
        """Answer ``left += right``: a list is extended where it is."""
        if type(left) is not list:
            return self.add(left, right)
        added = list(self.iterate(right))
        self.meter.bound(len(left) + len(added))
        for value in added:
            self.attached(value)
        self.meter.wrote = True
        left.extend(added)
        return left

    def multiply(self, left: Any, right: Any) -> Any:
        """Answer ``left * right``."""
        if type(left) is int or type(left) is bool:
            left, right = right, left
        kind = type(left)
        if kind is str and isinstance(right, int):
            self.meter.bound_text(len(left) * right if right > 0 else 0)
        elif (kind is list or kind is tuple) and isinstance(right, int):
            self.meter.bound(len(left) * right if right > 0 else 0)
            self.meter.charge((len(left) * right >> 2) if right > 0 else 0)
        elif kind is int and type(right) is int and left.bit_length() + right.bit_length() > MAX_INTEGER_BITS:
            raise StepBudgetExceeded(f"an integer of more than {MAX_INTEGER_BITS} bits")
        return left * right

    def multiply_in_place(self, left: Any, right: Any) -> Any:
        """Answer ``left *= right``: a list is repeated where it is."""
        result = self.multiply(left, right)
        if type(left) is not list:
            return result
        self.meter.wrote = self.meter.attached = True
        left[:] = result
        return left

    def power(self, left: Any, right: Any) -> Any:
        """Answer ``left ** right``."""
        if isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > MAX_INTEGER_BITS:
            raise StepBudgetExceeded(f"an integer of more than {MAX_INTEGER_BITS} bits")
        result = left**right
        if type(result) is complex:
            raise ValueError("a negative number has no such power")
        return result

    def shift_left(self, left: Any, right: Any) -> Any:
        """Answer ``left << right``."""
        if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right > MAX_INTEGER_BITS:
            raise StepBudgetExceeded(f"an integer of more than {MAX_INTEGER_BITS} bits")
        return left << right

    def modulo(self, left: Any, right: Any) -> Any:
        """Answer ``left % right`` of numbers; percent formatting is refused."""
        if type(left) is str:
            raise ForbiddenUse("percent formatting is not allowed; use an f-string")
        return left % right

    def union(self, left: Any, right: Any) -> Any:
        """Answer ``left | right``."""
        if type(left) is dict and type(right) is dict:
            self.meter.bound(len(left) + len(right))
            self.meter.charge(len(left) + len(right))
        else:
            self._meet(left, right)
        return left | right

    def intersection(self, left: Any, right: Any) -> Any:
        """Answer ``left & right``."""
        self._meet(left, right)
        return left & right

    def symmetric_difference(self, left: Any, right: Any) -> Any:
        """Answer ``left ^ right``."""
        self._meet(left, right)
        return left ^ right

    def subtract(self, left: Any, right: Any) -> Any:
        """Answer ``left - right``."""
        if type(left) not in SCALARS:
            self._meet(left, right)
        return left - right

    def _meet(self, left: Any, right: Any) -> None:
        """Charge for an operation on two sets; a view of items is none here, nor anything beside a set."""
        if type(left) in SCALARS and type(right) in SCALARS:
            return
        if type(left) not in SETS or type(right) not in SETS:
            names = f"{type(left).__name__!r} and {type(right).__name__!r}"
            raise TypeError(f"unsupported operand types: {names}")
        self.meter.charge(len(left) + len(right))

    def union_in_place(self, left: Any, right: Any) -> Any:
        """Answer ``left |= right``: a dictionary or a set is extended where it is."""
        result = self.union(left, right)
        if type(left) is dict or type(left) is set:
            self.meter.wrote = self.meter.attached = True
            left.update(result)
            return left
        return result

    def small(self, number: Any) -> Any:
        """Refuse an integer of too many bits."""
        if type(number) is int and number.bit_length() > MAX_INTEGER_BITS:
            raise StepBudgetExceeded(f"an integer of more than {MAX_INTEGER_BITS} bits")
        return number

    def show(self, value: Any) -> Any:
        """Let through what an f-string or ``str()`` may write out."""
        if isinstance(value, Exception):
            self.meter.charge(sum(len(part) for part in value.args if type(part) is str) >> 4)
            return exception_text(value)
        check_shown(value, self.meter)
        return value
