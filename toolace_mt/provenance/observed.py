"""The results so far, indexed by leaf only as far as somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from toolace_mt.json_path import child, leaves
from toolace_mt.provenance.numbers import as_number
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.transcript import JsonValue

__all__ = ["Results"]


@dataclass(slots=True)
class Results:
    """Tool results by turn.  Lookups give the earliest one."""

    _values: dict[int, JsonValue] = field(default_factory=dict)
    _indexed: dict[int, str] = field(default_factory=dict)
    _strings: dict[str, int] = field(default_factory=dict)
    _numbers: dict[float, int] = field(default_factory=dict)

    def add(self, turn: int, value: JsonValue) -> None:
        self._values[turn] = value

    def find_string(self, value: str) -> Source | None:
        """Find a leaf or a key that is the string, but for case."""
        self._index_new()
        wanted = value.casefold()
        turn = self._strings.get(wanted)
        if turn is None:
            return None
        return _source(turn, _path_to(self._values[turn], wanted))

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
        return list(self._indexed.items())

    def newest_numbers(self) -> Iterator[tuple[float, int]]:
        """Give the numbers with their turns, the latest first."""
        self._index_new()
        return reversed(self._numbers.items())

    def _index_new(self) -> None:
        if len(self._indexed) == len(self._values):
            return
        for turn, value in self._values.items():
            if turn not in self._indexed:
                texts: list[str] = []
                self._index(value, turn, texts)
                self._indexed[turn] = "\n".join(texts)

    def _index(self, value: JsonValue, turn: int, texts: list[str]) -> None:
        """Enter every leaf and key; a hot path, so plain dicts and lists are asked for first."""
        if isinstance(value, str):
            texts.append(value)
            self._strings.setdefault(value.casefold(), turn)
            self._enter_number(as_number(value) if value[-1:].isdigit() else None, turn)
        elif isinstance(value, (dict, Mapping)):
            for key, item in value.items():
                self._strings.setdefault(key.casefold(), turn)
                self._index(item, turn, texts)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self._index(item, turn, texts)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            self._strings.setdefault(str(value), turn)
            self._enter_number(as_number(value), turn)

    def _enter_number(self, number: float | None, turn: int) -> None:
        if number is not None:
            self._numbers.setdefault(number, turn)


def _source(turn: int, path: str | None) -> Source:
    return Source(kind=SourceKind.OBSERVATION, how="value", turn=turn, path=path)


def _path_to(value: JsonValue, wanted: str, path: str = "$") -> str | None:
    """Give the path of the leaf, else the key, whose text in lower case is ``wanted``."""
    if isinstance(value, str):
        return path if value.casefold() == wanted else None
    if isinstance(value, (dict, Mapping)):
        nested = (_path_to(item, wanted, child(path, key)) for key, item in value.items())
        found = next((place for place in nested if place is not None), None)
        if found is not None:
            return found
        key_found = next((key for key in value if key.casefold() == wanted), None)
        return None if key_found is None else child(path, key_found)
    if value is None or isinstance(value, (int, float)):
        return path if str(value) == wanted else None
    items = (_path_to(item, wanted, child(path, index)) for index, item in enumerate(value))
    return next((place for place in items if place is not None), None)


def _path_to_number(value: JsonValue, wanted: float) -> str | None:
    return next((path for path, leaf in leaves(value) if as_number(leaf) == wanted), None)
