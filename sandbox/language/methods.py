"""The methods that tool code may call on plain values: one look-up of (type, name), nothing by inheritance.

None means that the method is called as it is: it is cheap, does not grow and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.language.access import LONG_TEXT
from sandbox.language.guards import Operators
from sandbox.language.meter import ForbiddenUse, Meter

__all__ = ["METHOD_NAMES", "Guard", "method_guards"]

Guard = Callable[..., Any] | None

COPYING_TEXT_METHODS = [
    "capitalize",
    "casefold",
    "count",
    "find",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "islower",
    "isnumeric",
    "isspace",
    "istitle",
    "isupper",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "rfind",
    "rindex",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "strip",
    "swapcase",
    "title",
    "upper",
]
PADDING_TEXT_METHODS = ["center", "ljust", "rjust", "zfill"]
SET_ALGEBRA = ["difference", "intersection", "symmetric_difference", "union"]
SET_QUESTIONS = ["isdisjoint", "issubset", "issuperset"]


def method_guards(operators: Operators) -> dict[tuple[type, str], Guard]:
    """Give every allowed (type, method), with its guard."""
    return {
        **{(str, name): guard for name, guard in _text_methods(operators).items()},
        **{(list, name): guard for name, guard in _list_methods(operators).items()},
        **{(dict, name): guard for name, guard in _dict_methods(operators).items()},
        **{(set, name): guard for name, guard in _set_methods(operators).items()},
        **{(tuple, name): guard for name, guard in _search_methods(operators).items()},
        (float, "is_integer"): None,
        (int, "bit_length"): None,
    }


def _text_methods(operators: Operators) -> dict[str, Guard]:
    meter = operators.meter

    def join(text: str, parts: Any) -> str:
        pieces = operators.listed(parts)
        length = len(text) * len(pieces)
        for piece in pieces:
            if type(piece) is str:
                length += len(piece)
        meter.bound_text(length)
        return text.join(pieces)

    def replace(text: str, old: str, new: str, count: int = -1) -> str:
        meter.search(text, old)
        found = text.count(old) if count < 0 else min(count, text.count(old))
        meter.bound_text(len(text) + found * len(new))
        return text.replace(old, new, count)

    return {
        **{name: _copying(meter, name) for name in COPYING_TEXT_METHODS},
        **{name: _padding(meter, name) for name in PADDING_TEXT_METHODS},
        "endswith": _ending(meter, "endswith"),
        "startswith": _ending(meter, "startswith"),
        "join": join,
        "replace": replace,
    }


def _copying(meter: Meter, name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    def call(text: str, *arguments: Any, **keywords: Any) -> Any:
        if not arguments and not keywords:
            meter.charge(1 + (len(text) >> 4))
            return method(text)
        meter.search(text, arguments[0] if arguments else keywords.get("sep"))
        return method(text, *arguments, **keywords)

    return call


def _ending(meter: Meter, name: str) -> Callable[..., bool]:
    method = getattr(str, name)

    def call(text: str, sought: Any, *bounds: int) -> bool:
        for part in sought if type(sought) is tuple else (sought,):
            meter.charge(1 + (len(part) >> 10) if type(part) is str else 1)
        return bool(method(text, sought, *bounds))

    return call


def _padding(meter: Meter, name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    def call(text: str, width: int, *fill: str) -> Any:
        meter.bound_text(max(width, len(text)))
        return method(text, width, *fill)

    return call


def _search_methods(operators: Operators) -> dict[str, Guard]:
    def index(values: Any, value: Any) -> int:
        operators.scan(value, values)
        found: int = values.index(value)
        return found

    def count(values: Any, value: Any) -> int:
        operators.scan(value, values)
        found: int = values.count(value)
        return found

    return {"index": index, "count": count}


def _list_methods(operators: Operators) -> dict[str, Guard]:
    meter = operators.meter

    def append(values: list[Any], value: Any) -> None:
        meter.tick()
        values.append(operators.attached(value))

    def extend(values: list[Any], added: Any) -> None:
        operators.add_in_place(values, added)

    def insert(values: list[Any], place: int, value: Any) -> None:
        meter.charge(1 + (len(values) >> 3))
        values.insert(place, operators.attached(value))

    def remove(values: list[Any], value: Any) -> None:
        operators.scan(value, values)
        meter.wrote = True
        values.remove(value)

    def pop(values: list[Any], place: int = -1) -> Any:
        meter.charge(1 + (len(values) >> 3))
        meter.wrote = True
        return values.pop(place)

    def copy(values: list[Any]) -> list[Any]:
        meter.charge(len(values) >> 3)
        return values.copy()

    return {
        **_search_methods(operators),
        "append": append,
        "extend": extend,
        "insert": insert,
        "remove": remove,
        "pop": pop,
        "copy": copy,
        "clear": _writing(meter, list.clear),
        "reverse": _writing(meter, list.reverse),
        "sort": _sorting(operators),
    }


def _sorting(operators: Operators) -> Callable[..., None]:
    def sort(values: list[Any], *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        ordered = sort_values(operators, values, key=key, reverse=reverse)
        operators.meter.wrote = True
        values[:] = ordered

    return sort


def sort_values(
    operators: Operators, values: Any, *, key: Callable[[Any], Any] | None, reverse: bool
) -> list[Any]:
    """Sort as ``sorted`` does, charged for the comparisons."""
    items = operators.listed(values)
    many = len(items)
    operators.meter.charge(many * many.bit_length() >> 2)
    keys = items if key is None else list(map(key, items))
    for sort_key in keys:
        if type(sort_key) is not str or len(sort_key) > LONG_TEXT:
            operators.comparable(sort_key)
    if many < 2:
        return items
    if key is None:
        items.sort(reverse=bool(reverse))
        return items
    order = sorted(range(many), key=keys.__getitem__, reverse=bool(reverse))
    return list(map(items.__getitem__, order))


def _writing(meter: Meter, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(values: Any) -> Any:
        meter.charge(1 + (len(values) >> 3))
        meter.wrote = True
        return method(values)

    return call


def _dict_methods(operators: Operators) -> dict[str, Guard]:
    meter = operators.meter
    missing = object()

    def get(mapping: dict[Any, Any], key: Any, default: Any = None) -> Any:
        return mapping.get(key if type(key) is str else operators.key(key), default)

    def pop(mapping: dict[Any, Any], key: Any, default: Any = missing) -> Any:
        meter.wrote = True
        key = operators.key(key)
        return mapping.pop(key) if default is missing else mapping.pop(key, default)

    def setdefault(mapping: dict[Any, Any], key: Any, default: Any = None) -> Any:
        meter.tick()
        meter.attached = True
        return mapping.setdefault(operators.key(key), operators.attached(default))

    def update(mapping: dict[Any, Any], other: Any = None, **named: Any) -> None:
        added = {} if other is None else make_dict(operators, other)
        meter.bound(len(mapping) + len(added) + len(named))
        for value in (*added.values(), *named.values()):
            operators.attached(value)
        meter.attached = True
        mapping.update(added, **named)

    def copy(mapping: dict[Any, Any]) -> dict[Any, Any]:
        meter.charge(len(mapping) >> 1)
        return mapping.copy()

    return {
        "get": get,
        "items": None,
        "keys": None,
        "values": None,
        "pop": pop,
        "popitem": _writing(meter, dict.popitem),
        "setdefault": setdefault,
        "update": update,
        "copy": copy,
        "clear": _writing(meter, dict.clear),
    }


def make_dict(operators: Operators, source: Any) -> dict[Any, Any]:
    """Make a dictionary of another one or of pairs."""
    if type(source) is dict:
        operators.meter.charge(len(source))
        return dict(source)
    made = {}
    for pair in operators.iterate(source):
        key, value = operators.unpack(pair)
        made[operators.key(key)] = value
    return made


def _set_methods(operators: Operators) -> dict[str, Guard]:
    meter = operators.meter

    def add(values: set[Any], value: Any) -> None:
        meter.tick()
        meter.wrote = True
        values.add(operators.key(value))

    def update(values: set[Any], *others: Any) -> None:
        meter.wrote = True
        values.update(*(make_set(operators, other) for other in others))

    def discard(values: set[Any], value: Any) -> None:
        meter.wrote = True
        values.discard(operators.key(value))

    def remove(values: set[Any], value: Any) -> None:
        meter.wrote = True
        values.remove(operators.key(value))

    return {
        **{name: _set_operation(operators, name) for name in (*SET_ALGEBRA, *SET_QUESTIONS, "copy")},
        "add": add,
        "update": update,
        "discard": discard,
        "remove": remove,
        "pop": _refuse_set_pop,
        "clear": _writing(meter, set.clear),
    }


def _refuse_set_pop(_: set[Any]) -> None:
    raise ForbiddenUse("a set has no first element; use sorted(...)[0]")


def make_set(operators: Operators, source: Any) -> set[Any]:
    """Make a set of anything that can be iterated over."""
    if type(source) is set or type(source) is frozenset:
        operators.meter.charge(len(source))
        return set(source)
    return {operators.key(value) for value in operators.iterate(source)}


def _set_operation(operators: Operators, name: str) -> Callable[..., Any]:
    method = getattr(set, name)

    def call(values: set[Any], *others: Any) -> Any:
        operators.meter.charge(1 + len(values))
        return method(values, *(make_set(operators, other) for other in others))

    return call


def _all_names() -> frozenset[str]:
    nothing: Mapping[tuple[type, str], Guard] = {}
    return frozenset(name for _, name in method_guards(Operators(Meter(), nothing)))


METHOD_NAMES = _all_names()
