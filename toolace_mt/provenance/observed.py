"""The results so far: searched as they stand, and taken apart only as far as somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import orjson

from toolace_mt.json_path import leaves, path_of
from toolace_mt.provenance.numbers import as_number
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.provenance.spoken import Said, Spoken
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["Results"]

_FEW = 32


class Results:
    """Tool results by turn.  Lookups give the earliest one."""

    __slots__ = ("_indexed", "_leaves", "_named", "_numbers", "_spoken", "_values", "_written")

    def __init__(self) -> None:
        self._values: list[tuple[int, JsonValue]] = []
        self._written: list[str | None] = []
        self._leaves: dict[str, int] = {}
        self._named = 0
        self._spoken = Spoken()
        self._numbers: dict[float, int] = {}
        self._indexed = 0

    def add(self, turn: int, value: JsonValue) -> None:
        self._values.append((turn, value))

    def find_string(self, value: str) -> Source | None:
        """Find a leaf or a key that is the string, but for case.

        Of few results, those are walked through in whose JSON text the string stands: that is far cheaper
        than to walk through all.
        """
        wanted = value.casefold()
        if len(self._values) > _FEW:
            return self._find_indexed(wanted)
        needle = None if "e-" in wanted or "e+" in wanted else _written(value)
        needle = None if needle is None else needle[1:-1]
        written = self._written
        for position, (turn, result) in enumerate(self._values):
            if position == len(written):
                written.append(_written(result))
            text = written[position]
            if needle is not None and text is not None and needle not in text:
                continue
            keys = _keys_to(result, wanted)
            if keys is not None:
                return _source(turn, path_of(reversed(keys)))
        return None

    def find_number(self, number: float) -> Source | None:
        """Find a leaf that is the number or spells it."""
        if self._indexed < len(self._values):
            self._index_new()
        position = self._numbers.get(number)
        if position is None:
            return None
        turn, value = self._values[position]
        return _source(turn, _path_to_number(value, number))

    def spoken(self) -> Spoken:
        """Give each result's strings, one per line, as what was said in its turn."""
        if self._indexed < len(self._values):
            self._index_new()
        return self._spoken

    def newest_numbers(self) -> Iterator[tuple[float, int]]:
        """Give the numbers with their turns, the latest first."""
        if self._indexed < len(self._values):
            self._index_new()
        return ((number, self._values[position][0]) for number, position in reversed(self._numbers.items()))

    def _find_indexed(self, wanted: str) -> Source | None:
        for position in range(self._named, len(self._values)):
            for text in _names_and_leaves(self._values[position][1]):
                self._leaves.setdefault(text, position)
        self._named = len(self._values)
        found = self._leaves.get(wanted)
        if found is None:
            return None
        turn, result = self._values[found]
        keys = _keys_to(result, wanted)
        return None if keys is None else _source(turn, path_of(reversed(keys)))

    def _index_new(self) -> None:
        for position in range(self._indexed, len(self._values)):
            turn, value = self._values[position]
            texts = self._index(value, position)
            self._spoken.add(Said(SourceKind.OBSERVATION, turn, "\n".join(texts)))
        self._indexed = len(self._values)

    def _index(self, value: JsonValue, position: int) -> list[str]:
        """Enter the numbers and give the strings, in document order."""
        texts: list[str] = []
        ahead: list[JsonValue] = [value]
        while ahead:
            item = ahead.pop()
            if isinstance(item, str):
                texts.append(item)
                if item[-1:].isdigit() and not item[0].isalpha():
                    self._enter_number(item, position)
            elif item is None or isinstance(item, (int, float)):
                self._enter_number(item, position)
            elif isinstance(item, (dict, Mapping)):
                ahead.extend(reversed([*item.values()]))
            else:
                ahead.extend(reversed(item))
        return texts

    def _enter_number(self, value: str | float | None, position: int) -> None:
        number = as_number(value)
        if number is not None:
            self._numbers.setdefault(number, position)


def _written(value: JsonValue) -> str | None:
    """Give the JSON text without case, or None for what has none (a lone surrogate, a huge number)."""
    try:
        return orjson.dumps(value).decode().casefold()
    except orjson.JSONEncodeError:
        return None


def _source(turn: int, path: str | None) -> Source:
    return Source(kind=SourceKind.OBSERVATION, how="value", turn=turn, path=path)


def _keys_to(value: JsonValue, wanted: str) -> list[str | int] | None:
    """Give the keys, the innermost first, that lead to the leaf, else the key, whose text without case is
    ``wanted``."""
    if isinstance(value, str):
        return [] if value.casefold() == wanted else None
    if value is None or isinstance(value, (int, float)):
        return [] if str(value) == wanted else None
    names: JsonObject = value if isinstance(value, (dict, Mapping)) else {}
    members: Iterable[tuple[str | int, JsonValue]] = names.items() or enumerate(value)
    for key, item in members:
        if isinstance(item, str):  # most are, and a call for each would take twice as long
            if item.casefold() == wanted:
                return [key]
            continue
        keys = _keys_to(item, wanted)
        if keys is not None:
            keys.append(key)
            return keys
    found = next((key for key in names if key.casefold() == wanted), None)
    return None if found is None else [found]


def _names_and_leaves(value: JsonValue) -> Iterator[str]:
    """Give the texts for which ``_keys_to`` finds something."""
    ahead: list[JsonValue] = [value]
    while ahead:
        item = ahead.pop()
        if isinstance(item, str):
            yield item.casefold()
        elif item is None or isinstance(item, (int, float)):
            yield str(item)
        elif isinstance(item, (dict, Mapping)):
            yield from map(str.casefold, item)
            ahead.extend(item.values())
        else:
            ahead.extend(item)


def _path_to_number(value: JsonValue, wanted: float) -> str | None:
    return next((path for path, leaf in leaves(value) if as_number(leaf) == wanted), None)
