"""References inside a JSON Schema that lead from one to the next, and back to themselves."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["leads_to_itself"]


def leads_to_itself(reference: str, schema: object) -> bool:
    """Tell whether a reference such as ``#/$defs/a`` finds nothing but references, round in a circle."""
    seen: set[str] = set()
    target: object = reference
    while isinstance(target, str) and target.startswith("#"):
        if target in seen:
            return True
        seen.add(target)
        found = _at(target, schema)
        target = found.get("$ref") if isinstance(found, Mapping) else None
    return False


def _at(pointer: str, schema: object) -> object:
    """Give what a JSON Pointer in a fragment points at; None if it is nothing."""
    value = schema
    for part in pointer.removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
