"""JSON in one fixed way, and schemas that are written but once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import orjson

from engine.types import JsonObject, JsonValue

__all__ = ["ReplySchema", "canonical_json"]


class ReplySchema(Mapping[str, JsonValue]):
    """A schema that many requests share, which is written once for all of them.

    It means what the mapping means that it was made from, and keeps its order, in which a model in the
    process writes.  TypeError for what orjson does not write (lone surrogates, integers beyond 64 bits): such
    schemas stay plain mappings.
    """

    __slots__ = ("_schema", "fragment", "text")

    def __init__(self, schema: JsonObject) -> None:
        self._schema: JsonObject = orjson.loads(orjson.dumps(schema, default=_plain))
        self.text = orjson.dumps(self._schema, option=orjson.OPT_SORT_KEYS)
        self.fragment = orjson.Fragment(self.text)

    def __getitem__(self, key: str) -> JsonValue:
        return self._schema[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema)

    def __len__(self) -> int:
        return len(self._schema)

    def __repr__(self) -> str:
        return f"ReplySchema({self._schema!r})"


def canonical_json(value: object) -> bytes:
    """Write JSON in one fixed way: sorted keys, no spaces, UTF-8."""
    if isinstance(value, ReplySchema):
        return value.text
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=_written)
    except TypeError:  # lone surrogates and integers beyond 64 bits
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain).encode("ascii")


def _written(value: object) -> object:
    return value.fragment if isinstance(value, ReplySchema) else _plain(value)


def _plain(value: object) -> object:
    """Turn the mappings and sequences that the JSON writers do not know into those that they do."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
