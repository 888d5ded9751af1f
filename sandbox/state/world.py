"""A world's state: its canonical form, its digest, and the difference between two of them.

A state has no order of keys: rows are kept sorted, so that the same content behaves alike wherever it comes
from.  Lists keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson
import xxhash

from sandbox.errors import SandboxError
from sandbox.types import JsonObject, JsonValue

__all__ = [
    "Change",
    "canonical",
    "describe_changes",
    "diff_states",
    "digest_of_entries",
    "encode_tables",
    "state_digest",
    "values_at",
    "written_entry",
]

MAX_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One place where two states differ.  ``before`` or ``after`` is None where it is absent or null."""

    path: str
    before: JsonValue
    after: JsonValue

    def __str__(self) -> str:
        """Write ``orders.O7.status: "pending" -> "cancelled"``, long values cut short."""
        return f"{self.path}: {_shown(self.before)} -> {_shown(self.after)}"


def canonical(value: object) -> bytes:
    """Write JSON in the one way that equal values share: keys sorted, no spaces, UTF-8."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=_plain)
    except (TypeError, ValueError) as error:
        raise SandboxError(f"not plain JSON: {error}") from None


def state_digest(state: JsonObject) -> str:
    """Give the digest under which a state is recorded: XXH3-128 of the canonical form, in hexadecimal."""
    return xxhash.xxh3_128_hexdigest(canonical(state))


def encode_tables(state: Mapping[str, object]) -> dict[str, bytes]:
    """Write every table canonically, in sorted order of their names.

    They are copied, for orjson's own bytes take 4 KB for as long as they are kept.
    """
    return {name: bytes(memoryview(canonical(state[name]))) for name in sorted(state)}


def written_entry(name: str, table: bytes) -> bytes:
    """Write a table as it stands in the state, after its name."""
    return _written_name(name) + table


def digest_of_entries(entries: Mapping[str, bytes]) -> str:
    """Give the digest of the state whose entries are already written, in sorted order of their names."""
    return xxhash.xxh3_128_hexdigest(b"{%b}" % b",".join(entries.values()))


@lru_cache(maxsize=1_000)
def _written_name(name: str) -> bytes:
    return orjson.dumps(name) + b":"


def diff_states(before: JsonObject, after: JsonObject) -> tuple[Change, ...]:
    """List where two states differ, as dotted paths (``orders.O1.status``), in sorted order."""
    return tuple(_differences(before, after, ""))


def describe_changes(changes: Sequence[Change], *, most: int = 5) -> str:
    """Write changes in one line for people, at most so many of them."""
    if not changes:
        return "nothing"
    told = "; ".join(map(str, changes[:most]))
    rest = len(changes) - most
    return told if rest <= 0 else f"{told}; and {rest} more"


def _shown(value: JsonValue) -> str:
    text = canonical(value).decode()
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _differences(before: JsonValue, after: JsonValue, path: str) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, f"{path}.{index}")
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Change(path=path, before=before, after=after)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def values_at(value: JsonValue, path: str) -> Iterator[JsonValue]:
    """Yield what lies at a dotted path, in which ``*`` stands for every row or element."""
    step, _, rest = path.partition(".")
    if not path:
        yield value
    elif step == "*":
        parts: Iterable[JsonValue] = ()
        if isinstance(value, Mapping):
            parts = value.values()
        elif isinstance(value, Sequence) and not isinstance(value, str):
            parts = value
        for part in parts:
            yield from values_at(part, rest)
    elif isinstance(value, Mapping) and step in value:
        yield from values_at(value[step], rest)
