"""What stands in for operators in tool code, and all guards by name (see ``sandbox.language.rewriting``).

Every guard answers exactly as Python would for plain values of reasonable size, and ends the call otherwise.
"""

from __future__ import annotations

from typing import Any

from sandbox.language.access import LONG_TEXT, MAX_LIGHT, SCALARS, SIZED, STREAMS, Access
from sandbox.language.meter import MAX_INTEGER_BITS, ForbiddenUse, StepBudgetExceeded
from sandbox.language.showing import check_shown, exception_text

__all__ = ["Operators"]

SETS = frozenset({set, frozenset, type({}.keys())})  # not items: their values would be hashed


class Operators(Access):
    """The guards of one worker; all of them charge the same meter."""

    def names(self) -> dict[str, Any]:
        """Give the guards under the names by which rewritten code calls them."""
        return {
            "_add_": self.add,
            "_and_": self.intersection,
            "_attached_": self.attached,
            "_comparable_": self.comparable,
            "_contains_": self.contains,
            "_delitem_": self.delete_item,
            "_get_": self.get,
            "_getattr_": self.attribute,
            "_getitem_": self.item,
            "_getiter_": self.iterate,
            "_getpairs_": self.iterate_pairs,
            "_iadd_": self.add_in_place,
            "_imul_": self.multiply_in_place,
            "_ior_": self.union_in_place,
            "_items_": self.items,
            "_key_": self.key,
            "_meter_": self.meter,
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
            "_values_": self.values,
            "_xor_": self.symmetric_difference,
        }

    def comparable(self, value: Any) -> Any:
        """Let through an operand of a comparison, charged for its size."""
        kind = type(value)
        if kind is str:
            if len(value) > LONG_TEXT:
                self.meter.charge(len(value) >> 10)
        elif kind is tuple:  # what one sorts by, most often
            steps = 1 + len(value)
            for part in value:
                if type(part) is str:
                    steps += len(part) >> 6
                elif type(part) not in SCALARS:
                    self.meter.weigh(value)
                    return value
            self.meter.charge(steps)
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
            self.scan(value, container)
        elif kind in STREAMS:
            return self.comparable(value) in self.counted(container)
        return value in container

    def scan(self, value: Any, container: Any) -> None:
        """Charge for comparing a value with each element of a container."""
        kind = type(value)
        if type(container) is range and (kind is int or kind is bool):
            self.meter.tick()
            return
        self.meter.charge(1 + (len(container) >> 1))
        if kind is str:
            if len(value) > LONG_TEXT:
                self.meter.charge(len(container) * (len(value) >> 10))
        elif kind not in SCALARS:
            self.meter.weigh(value)
            self.meter.weigh(list(container))

    def add(self, left: Any, right: Any) -> Any:
        """Answer ``left + right``."""
        kind = type(left)
        if kind is int and type(right) is int:
            total = left + right
            return total if -MAX_LIGHT <= total <= MAX_LIGHT else self.small(total)
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
        added = self.listed(right)
        self.meter.bound(len(left) + len(added))
        for value in added:
            self.attached(value)
        self.meter.wrote = True
        left.extend(added)
        return left

    def multiply(self, left: Any, right: Any) -> Any:
        """Answer ``left * right``."""
        kind = type(left)
        if kind is int or kind is bool:
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
        if type(value) is str:
            meter = self.meter
            meter.left -= 1 + (len(value) >> 6)
            if meter.left < 0:
                meter.end()
            return value
        if isinstance(value, Exception):
            self.meter.charge(sum(len(part) for part in value.args if type(part) is str) >> 4)
            return exception_text(value)
        check_shown(value, self.meter)
        return value
