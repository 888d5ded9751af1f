"""Where a value stands inside a JSON value, written as a JSON path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from toolace_mt.transcript import JsonValue

__all__ = ["Leaf", "child", "leaves", "path_of"]

Leaf = str | int | float | bool | None


def child(path: str, key: str | int) -> str:
    """Give the path of a member or an item: ``$.orders[0]``, ``$['odd key']``."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key.isascii() and key.isidentifier():
        return f"{path}.{key}"
    escaped = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{escaped}']"


def path_of(keys: Iterable[str | int]) -> str:
    """Give the path that these keys lead to, from the root ``$``."""
    path = "$"
    for key in keys:
        path = child(path, key)
    return path


def leaves(value: JsonValue, path: str = "$") -> Iterator[tuple[str, Leaf]]:
    """Give each scalar inside the value with its path, in document order."""
    if value is None or isinstance(value, (str, int, float)):
        yield path, value
    elif isinstance(value, (dict, Mapping)):
        for key, item in value.items():
            yield from leaves(item, child(path, key))
    else:
        for index, item in enumerate(value):
            yield from leaves(item, child(path, index))
