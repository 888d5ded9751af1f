"""The results so far: searched as they stand, and taken apart only as far as somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from toolace_mt.json_path import leaves, path_of
from toolace_mt.provenance.numbers import as_number
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.transcript import JsonValue

__all__ = ["Results"]


@dataclass(slots=True)
class Results:
    """Tool results by turn.  Lookups give the earliest one."""

    _values: dict[int, JsonValue] = field(default_factory=dict)
    _written: dict[int, str | None] = field(default_factory=dict)
    _texts: dict[int, str] = field(default_factory=dict)
    _numbers: dict[float, int] = field(default_factory=dict)

    def add(self, turn: int, value: JsonValue) -> None:
        self._values[turn] = value

    def find_string(self, value: str) -> Source | None:
        """Find a leaf or a key that is the string, but for case.

        A result is walked through only if the string stands somewhere in its JSON text: that is far cheaper.
        """
        wanted = value.casefold()
        needle = None if "e-" in wanted or "e+" in wanted else _written(value)
        needle = None if needle is None else needle[1:-1]
        for turn, result in self._values.items():
            if turn not in self._written:
                self._written[turn] = _written(result)
            text = self._written[turn]
            if needle is not None and text is not None and needle not in text:
                continue
            keys = _keys_to(result, wanted)
            if keys is not None:
                return _source(turn, path_of(reversed(keys)))
        return None

    def find_number(self, number: float) -> Source | None:
        """Find a leaf that is the number or spells it."""
        self._index_new()
        turn = self._numbers.get(number)
        if turn is None:
            return None
        return _source(turn, _path_to_number(self._values[turn], number))

    def texts(self) -> list[tuple[int, str]]:
        """Give each result's strings, one per line, with its turn."""
        self._index_new()
        return list(self._texts.items())

    def newest_numbers(self) -> Iterator[tuple[float, int]]:
        """Give the numbers with their turns, the latest first."""
        self._index_new()
        return reversed(self._numbers.items())

    def _index_new(self) -> None:
        if len(self._texts) == len(self._values):
            return
        for turn, value in self._values.items():
            if turn not in self._texts:
                self._texts[turn] = "\n".join(self._index(value, turn))

    def _index(self, value: JsonValue, turn: int) -> list[str]:
        """Enter the numbers and give the strings, in document order."""
        texts: list[str] = []
        ahead: list[JsonValue] = [value]
        while ahead:
            item = ahead.pop()
            if isinstance(item, str):
                texts.append(item)
                if item[-1:].isdigit() and not item[0].isalpha():
                    self._enter_number(item, turn)
            elif item is None or isinstance(item, (int, float)):
                self._enter_number(item, turn)
            elif isinstance(item, (dict, Mapping)):
                ahead.extend(reversed([*item.values()]))
            else:
                ahead.extend(reversed(item))
        return texts

    def _enter_number(self, value: str | float | None, turn: int) -> None:
        number = as_number(value)
        if number is not None:
            self._numbers.setdefault(number, turn)


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
    members: Iterable[tuple[str | int, JsonValue]] = (
        value.items() if isinstance(value, (dict, Mapping)) else enumerate(value)
    )
    for key, item in members:
        keys = _keys_to(item, wanted)
        if keys is not None:
            keys.append(key)
            return keys
    if isinstance(value, (dict, Mapping)):
        found = next((key for key in value if key.casefold() == wanted), None)
        return None if found is None else [found]
    return None


def _path_to_number(value: JsonValue, wanted: float) -> str | None:
    return next((path for path, leaf in leaves(value) if as_number(leaf) == wanted), None)
