"""How a recorded result and an executed one differ: in value, or only in order or made-up identifiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeGuard

import orjson

from toolace_mt.checks.leaf import same_leaf
from toolace_mt.checks.renaming import Renaming, rename
from toolace_mt.formats.call_text import loose_value
from toolace_mt.formats.json_text import NotJsonError
from toolace_mt.json_path import child
from toolace_mt.transcript import JsonValue

__all__ = ["Absent", "Agreement", "Difference", "compare_results", "written_alike"]


class Agreement(Enum):
    EQUAL = "equal"
    ORDER = "order"
    IDENTIFIERS = "identifiers"
    KEYS = "keys"
    """What both hold is equal, and one of them has more keys."""
    DIFFERENT = "different"


class Absent(Enum):
    """What stands where one result has a key or an item and the other has none."""

    ABSENT = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How two results agree, and the first place where they do not, with both values there.

    ``renaming`` says which identifiers stand for which, if that is all in which they differ.
    """

    agreement: Agreement
    path: str | None = None
    recorded: JsonValue | Absent = None
    executed: JsonValue | Absent = None
    renaming: Renaming = field(default_factory=Renaming)


_AHEAD = 100
"""How far an item is looked for in the longer one of two lists."""
_EQUAL = Difference(agreement=Agreement.EQUAL)


def compare_results(recorded: JsonValue, executed: JsonValue) -> Difference:
    """Compare a recorded result with an executed one.  1 equals 1.0; a text that spells a value equals it."""
    if written_alike(recorded, executed):
        return _EQUAL
    recorded, executed = _spelled_out(recorded, executed)
    first = _first_difference(recorded, executed, "$")
    if first is None:
        return _EQUAL
    renaming = Renaming()
    if _first_difference(_sorted(recorded), _sorted(executed), "$") is None:
        agreement = Agreement.ORDER
    elif rename(recorded, executed, renaming):
        agreement = Agreement.IDENTIFIERS
    elif _same_but_keys(recorded, executed):
        agreement = Agreement.KEYS
    else:
        agreement = Agreement.DIFFERENT
    path, left, right = first
    return Difference(agreement=agreement, path=path, recorded=left, executed=right, renaming=renaming)


def written_alike(recorded: JsonValue, executed: JsonValue) -> bool:
    """Settle the common case at once: equal values in equal writing (``True`` is no ``1``)."""
    try:
        return recorded == executed and orjson.dumps(recorded) == orjson.dumps(executed)
    except orjson.JSONEncodeError:
        return False


def _first_difference(
    left: JsonValue, right: JsonValue, path: str
) -> tuple[str, JsonValue | Absent, JsonValue | Absent] | None:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in (*left, *(key for key in right if key not in left)):
            if key not in left or key not in right:
                return child(path, key), left.get(key, Absent.ABSENT), right.get(key, Absent.ABSENT)
            found = _first_difference(left[key], right[key], child(path, key))
            if found is not None:
                return found
        return None
    if _is_list(left) and _is_list(right):
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            found = _first_difference(one, other, child(path, index))
            if found is not None:
                return _lacking(left, right, index, path) or found
        shorter = min(len(left), len(right))
        if len(left) == len(right):
            return None
        return child(path, shorter), _item(left, shorter), _item(right, shorter)
    return None if same_leaf(left, right) else (path, left, right)


def _lacking(
    left: Sequence[JsonValue], right: Sequence[JsonValue], index: int, path: str
) -> tuple[str, JsonValue | Absent, JsonValue | Absent] | None:
    """Tell whether one list has an item more here, after which the other goes on."""
    if len(left) > len(right) and right[index] in left[index + 1 : index + _AHEAD]:
        return child(path, index), left[index], Absent.ABSENT
    if len(left) < len(right) and left[index] in right[index + 1 : index + _AHEAD]:
        return child(path, index), Absent.ABSENT, right[index]
    return None


def _same_but_keys(left: JsonValue, right: JsonValue) -> bool:
    """Tell whether the results are equal in all keys that both have, and have some in common."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        shared = left.keys() & right.keys()
        return bool(shared) and all(_same_but_keys(left[key], right[key]) for key in shared)
    if _is_list(left) and _is_list(right):
        return len(left) == len(right) and all(map(_same_but_keys, left, right))
    return same_leaf(left, right)


def _sorted(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return {key: _sorted(item) for key, item in value.items()}
    if _is_list(value):
        return sorted((_sorted(item) for item in value), key=_sort_key)
    return value


def _sort_key(value: JsonValue) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _spelled_out(recorded: JsonValue, executed: JsonValue) -> tuple[JsonValue, JsonValue]:
    """Give what both mean, where one is, or both are, a text that writes a value down.

    Of two texts both must write a list or an object (the one as JSON and the other as Python prints it), or
    one of them the other in quotes.
    """
    if not isinstance(recorded, str) and not isinstance(executed, str):
        return recorded, executed
    left, right = _spelled(recorded), _spelled(executed)
    if not isinstance(recorded, str) or not isinstance(executed, str):
        return left, right
    if _is_container(left) and _is_container(right):
        return left, right
    if left == executed or right == recorded:
        return executed, executed
    return recorded, executed


def _spelled(value: JsonValue) -> JsonValue:
    """Give the value that a text writes down as JSON or as Python prints it; else the text."""
    if not isinstance(value, str):
        return value
    try:
        found = loose_value(value.strip())
    except NotJsonError:
        return value
    return list(found) if isinstance(found, tuple) else found


def _is_container(value: JsonValue) -> bool:
    return isinstance(value, (Mapping, list, tuple))


def _is_list(value: JsonValue) -> TypeGuard[Sequence[JsonValue]]:
    return isinstance(value, (list, tuple))


def _item(items: Sequence[JsonValue], index: int) -> JsonValue | Absent:
    return items[index] if index < len(items) else Absent.ABSENT
