"""How a recorded result and an executed one differ: in value, or only in order or made-up identifiers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeGuard

import orjson

from toolace_mt.formats.call_text import loose_value
from toolace_mt.formats.json_text import NotJsonError
from toolace_mt.json_path import child
from toolace_mt.transcript import JsonValue

__all__ = ["Agreement", "Difference", "compare_results", "written_alike"]

_ID_TEXT = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9_:.-]*\Z")
_TOLERANCE = 1e-9


class Agreement(Enum):
    EQUAL = "equal"
    ORDER = "order"
    IDENTIFIERS = "identifiers"
    KEYS = "keys"
    """What both hold is equal, and one of them has more keys."""
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How two results agree, and the first place where they do not, with both values there."""

    agreement: Agreement
    path: str | None = None
    recorded: JsonValue = None
    executed: JsonValue = None


_EQUAL = Difference(agreement=Agreement.EQUAL)


def compare_results(recorded: JsonValue, executed: JsonValue) -> Difference:
    """Compare a recorded result with an executed one.  1 equals 1.0; a text that spells a value equals it."""
    if written_alike(recorded, executed):
        return _EQUAL
    if isinstance(recorded, str) is not isinstance(executed, str):
        recorded, executed = _spelled_out(recorded), _spelled_out(executed)
    first = _first_difference(recorded, executed, "$")
    if first is None or _spells(recorded, executed):
        return _EQUAL
    if _first_difference(_sorted(recorded), _sorted(executed), "$") is None:
        agreement = Agreement.ORDER
    elif _same_but_identifiers(recorded, executed, {}, {}):
        agreement = Agreement.IDENTIFIERS
    elif _same_but_keys(recorded, executed):
        agreement = Agreement.KEYS
    else:
        agreement = Agreement.DIFFERENT
    path, left, right = first
    return Difference(agreement=agreement, path=path, recorded=left, executed=right)


def written_alike(recorded: JsonValue, executed: JsonValue) -> bool:
    """Settle the common case at once: equal values in equal writing (``True`` is no ``1``)."""
    try:
        return recorded == executed and orjson.dumps(recorded) == orjson.dumps(executed)
    except orjson.JSONEncodeError:
        return False


def _first_difference(
    left: JsonValue, right: JsonValue, path: str
) -> tuple[str, JsonValue, JsonValue] | None:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in (*left, *(key for key in right if key not in left)):
            if key not in left or key not in right:
                return child(path, key), left.get(key), right.get(key)
            found = _first_difference(left[key], right[key], child(path, key))
            if found is not None:
                return found
        return None
    if _is_list(left) and _is_list(right):
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            found = _first_difference(one, other, child(path, index))
            if found is not None:
                return found
        shorter = min(len(left), len(right))
        if len(left) == len(right):
            return None
        return child(path, shorter), _item(left, shorter), _item(right, shorter)
    return None if _same_leaf(left, right) else (path, left, right)


def _same_leaf(left: JsonValue, right: JsonValue) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right or abs(left - right) <= _TOLERANCE * max(abs(left), abs(right))
    return type(left) is type(right) and left == right


def _same_but_identifiers(
    left: JsonValue, right: JsonValue, there: dict[str, str], back: dict[str, str]
) -> bool:
    """Tell whether one renaming of id-like strings, the same throughout, turns one result into the other."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        if left.keys() == right.keys():
            return all(
                _renamed(f"#{left[key]}", f"#{right[key]}", there, back)
                if _are_numbered(key, left[key], right[key])
                else _same_but_identifiers(left[key], right[key], there, back)
                for key in left
            )
        return len(left) == len(right) and all(
            _same_but_identifiers(one, other, there, back)
            and _same_but_identifiers(left[one], right[other], there, back)
            for one, other in zip(left, right, strict=True)
        )
    if _is_list(left) and _is_list(right):
        return len(left) == len(right) and all(
            _same_but_identifiers(one, other, there, back) for one, other in zip(left, right, strict=True)
        )
    if _same_leaf(left, right):
        return True
    if not (
        isinstance(left, str) and isinstance(right, str) and _ID_TEXT.match(left) and _ID_TEXT.match(right)
    ):
        return False
    return _renamed(left, right, there, back)


def _renamed(left: str, right: str, there: dict[str, str], back: dict[str, str]) -> bool:
    return there.setdefault(left, right) == right and back.setdefault(right, left) == left


def _are_numbered(key: str, left: JsonValue, right: JsonValue) -> bool:
    """Tell whether these are numbers that name a thing (``order_id``)."""
    return key.lower().endswith("id") and type(left) is int and type(right) is int and left != right


def _same_but_keys(left: JsonValue, right: JsonValue) -> bool:
    """Tell whether the results are equal in all keys that both have, and have some in common."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        shared = left.keys() & right.keys()
        return bool(shared) and all(_same_but_keys(left[key], right[key]) for key in shared)
    if _is_list(left) and _is_list(right):
        return len(left) == len(right) and all(map(_same_but_keys, left, right))
    return _same_leaf(left, right)


def _sorted(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return {key: _sorted(item) for key, item in value.items()}
    if _is_list(value):
        return sorted((_sorted(item) for item in value), key=_sort_key)
    return value


def _sort_key(value: JsonValue) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _spelled_out(value: JsonValue) -> JsonValue:
    """Give the list or object that a text writes down, as JSON or as Python prints it; else the value."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[", "(")):
        return value
    try:
        found = loose_value(value)
    except NotJsonError:
        return value
    return found if isinstance(found, (Mapping, list, tuple)) else value


def _spells(recorded: JsonValue, executed: JsonValue) -> bool:
    """Some data sets write a result as the text of a value: ``True`` or ``'done'``."""
    return (
        isinstance(recorded, str)
        and not isinstance(executed, (str, Mapping))
        and recorded.strip() == str(executed)
    )


def _is_list(value: JsonValue) -> TypeGuard[Sequence[JsonValue]]:
    return isinstance(value, (list, tuple))


def _item(items: Sequence[JsonValue], index: int) -> JsonValue:
    return items[index] if index < len(items) else None
