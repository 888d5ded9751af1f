"""What tool code may write out as text, and how an exception reads."""

from __future__ import annotations

from typing import Any

from sandbox.language.meter import MAX_INTEGER_BITS, Meter, StepBudgetExceeded

__all__ = ["check_shown", "exception_text"]

LONG_FLOAT = 1e16  # from here on a text without exponent takes long to make
SCALARS = (str, int, float, bool, type(None))


def check_shown(value: Any, meter: Meter) -> None:
    """Refuse a value whose text depends on addresses or hashes, or is out of proportion; charge the rest."""
    kind = type(value)
    meter.tick()
    if kind is str:
        meter.charge(len(value) >> 6)
    elif kind is int:
        _check_integer(value)
    elif kind is float:
        meter.charge(0 if -LONG_FLOAT < value < LONG_FLOAT else 16)
    elif kind in (list, dict, tuple):
        meter.weigh(value)
        _check_parts(value)
    elif kind not in SCALARS:
        raise TypeError(f"a {kind.__name__} has no text here; use sorted(...) or list(...)")


def _check_parts(value: Any) -> None:
    stack = [value]
    while stack:
        part = stack.pop()
        kind = type(part)
        if kind is dict:
            stack.extend(part.values())
            stack.extend(part)
        elif kind is list or kind is tuple:
            stack.extend(part)
        elif kind is int:
            _check_integer(part)
        elif kind not in SCALARS:
            raise TypeError(f"a {kind.__name__} has no text here")


def _check_integer(number: int) -> None:
    if number.bit_length() > MAX_INTEGER_BITS:
        raise StepBudgetExceeded(f"an integer of more than {MAX_INTEGER_BITS} bits")


def exception_text(error: BaseException) -> str:
    """Write out an exception without running anything that its arguments could slow down."""
    if not all(type(argument) in SCALARS for argument in error.args):
        return type(error).__name__
    return str(error)[:500]
