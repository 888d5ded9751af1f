"""The built-in functions that tool code may call, each bounded by the step budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.language.access import MAX_LIGHT, SCALARS
from sandbox.language.guards import Operators
from sandbox.language.meter import MAX_ELEMENTS, Meter, StepBudgetExceeded
from sandbox.language.methods import make_dict, make_set, sort_values

__all__ = ["BUILTIN_NAMES", "EXCEPTION_NAMES", "TYPE_NAMES", "builtin_guards"]

EXCEPTIONS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AttributeError,
    Exception,
    IndexError,
    KeyError,
    LookupError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)
EXCEPTION_NAMES = frozenset(error.__name__ for error in EXCEPTIONS)
TYPE_NAMES = frozenset({"bool", "dict", "float", "int", "list", "set", "str", "tuple"})
BUILTIN_NAMES = TYPE_NAMES | frozenset(
    {
        "abs",
        "all",
        "any",
        "divmod",
        "enumerate",
        "isinstance",
        "len",
        "max",
        "min",
        "next",
        "range",
        "reversed",
        "round",
        "sorted",
        "sum",
        "zip",
    }
)
MISSING = object()


def builtin_guards(operators: Operators) -> dict[str, Any]:
    """Give the guarded built-ins and the exception classes by name."""
    makers = _makers(operators)
    return {
        **{error.__name__: error for error in EXCEPTIONS},
        **makers,
        **_reductions(operators),
        **_streams(operators),
        "abs": abs,
        "divmod": divmod,
        "isinstance": _instance_check(operators.meter, makers),
        "len": len,
        "round": _rounding(operators),
    }


def _makers(operators: Operators) -> dict[str, Callable[..., Any]]:
    meter = operators.meter

    def make_text(value: Any = "") -> str:
        return str(operators.show(value))

    def make_list(values: Any = ()) -> list[Any]:
        return operators.listed(values)

    def make_tuple(values: Any = ()) -> tuple[Any, ...]:
        return tuple(operators.listed(values))

    def make_mapping(source: Any = (), **named: Any) -> dict[Any, Any]:
        return {**make_dict(operators, source), **named}

    def make_number(value: Any = 0, *base: int) -> int:
        if type(value) not in SCALARS:
            raise TypeError(f"int() of a {type(value).__name__}")
        if type(value) is str:
            meter.charge(len(value) >> 2)
        return int(operators.small(int(value, *base)))

    def make_float(value: Any = 0.0) -> float:
        if type(value) not in SCALARS:
            raise TypeError(f"float() of a {type(value).__name__}")
        if type(value) is str:
            meter.charge(len(value) >> 2)
        return float(value)

    return {
        "bool": lambda value=False: bool(value),
        "dict": make_mapping,
        "float": make_float,
        "int": make_number,
        "list": make_list,
        "set": lambda values=(): make_set(operators, values),
        "str": make_text,
        "tuple": make_tuple,
    }


def _instance_check(meter: Meter, makers: dict[str, Callable[..., Any]]) -> Callable[..., bool]:
    # By identity: the hash of a stranger's tuple may take for ever.
    types = {id(makers[kind.__name__]): kind for kind in (bool, dict, float, int, list, set, str, tuple)}

    def check(value: Any, wanted: Any) -> bool:
        kinds = wanted if type(wanted) is tuple else (wanted,)
        meter.charge(len(kinds))
        known = [types[id(kind)] for kind in kinds if id(kind) in types]
        if len(known) < len(kinds):
            raise TypeError(f"isinstance() knows {', '.join(sorted(TYPE_NAMES))} and tuples of these")
        return isinstance(value, tuple(known))

    return check


def _rounding(operators: Operators) -> Callable[..., Any]:
    def rounded(number: Any, places: Any = None) -> Any:
        if places is None:
            return round(number)
        if type(places) is not int or not -400 < places < 400:
            raise StepBudgetExceeded("round() to more than 400 places")
        operators.meter.charge(1 + (abs(places) >> 3))
        return round(operators.small(number), places)

    return rounded


def _reductions(operators: Operators) -> dict[str, Callable[..., Any]]:
    def total(values: Any, start: Any = 0) -> Any:
        result = start
        for value in operators.listed(values):
            if type(value) is int and type(result) is int:
                result += value
                if not -MAX_LIGHT <= result <= MAX_LIGHT:
                    operators.small(result)
            else:
                result = operators.add(result, value)
        return result

    def sort(values: Any, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> list[Any]:
        return sort_values(operators, values, key=key, reverse=reverse)

    def first(values: Any, default: Any = MISSING) -> Any:
        operators.meter.tick()
        return next(values) if default is MISSING else next(values, default)

    return {
        "all": lambda values: all(operators.iterate(values)),
        "any": lambda values: any(operators.iterate(values)),
        "max": _extreme(operators, max),
        "min": _extreme(operators, min),
        "next": first,
        "sorted": sort,
        "sum": total,
    }


def _extreme(operators: Operators, choose: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(*values: Any, key: Callable[[Any], Any] | None = None, default: Any = MISSING) -> Any:
        operators.meter.tick()
        items = operators.listed(values[0]) if len(values) == 1 else list(values)
        if not items:
            if default is MISSING:
                raise ValueError(f"{choose.__name__}() of nothing")
            return default
        keys = items if key is None else [key(item) for item in items]
        for item_key in keys:
            operators.comparable(item_key)
        return items[choose(range(len(items)), key=keys.__getitem__)]

    return extreme


def _streams(operators: Operators) -> dict[str, Callable[..., Any]]:
    def interval(*bounds: int) -> range:
        values = range(*bounds)
        if not -MAX_ELEMENTS <= (values.stop - values.start) // values.step <= MAX_ELEMENTS:
            raise StepBudgetExceeded(f"a range of more than {MAX_ELEMENTS} elements")
        return values

    def numbered(values: Any, start: int = 0) -> Iterator[Any]:
        return enumerate(operators.iterate(values), start)

    def together(*streams: Any, strict: bool = False) -> Iterator[Any]:
        return zip(*(operators.iterate(values) for values in streams), strict=strict)

    def backwards(values: Any) -> Any:
        return reversed(operators.listed(values))

    return {"enumerate": numbered, "range": interval, "reversed": backwards, "zip": together}
