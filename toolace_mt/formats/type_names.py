"""Names of types in the languages that tool authors think in, and what they are in JSON Schema."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["JSON_TYPES", "spelled_type"]

JSON_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})

_NAMES: dict[str, str] = {
    **dict.fromkeys(
        ("str", "text", "char", "character", "varchar", "date", "time", "datetime", "uuid", "url", "uri",
         "email", "enum", "file", "binary", "bytes", "base64", "path", "timestamp"), "string"),
    **dict.fromkeys(("float", "double", "decimal", "numeric", "real", "long double", "complex"), "number"),
    **dict.fromkeys(("int", "long", "short", "byte", "bigint", "int32", "int64", "uint", "bigdecimal int"),
                    "integer"),
    **dict.fromkeys(("bool", "bit", "logical"), "boolean"),
    **dict.fromkeys(("list", "tuple", "set", "arraylist", "vector", "sequence", "iterable", "frozenset",
                     "linkedlist", "hashset", "queue", "stack", "collection"), "array"),
    **dict.fromkeys(("dict", "map", "hashmap", "hashtable", "json", "mapping", "struct", "dictionary",
                     "ordereddict", "record"), "object"),
    **dict.fromkeys(("none", "nonetype", "nil", "undefined", "void"), "null"),
}  # fmt: skip
_ANY = frozenset({"any", "object any", "mixed", "unknown", "variant", "dynamic", "generic", "callable", "*"})
_PARAMETRISED = re.compile(r"([\w.]+)\s*[\[(<]\s*(.*?)\s*[\])>]\Z", re.DOTALL)
_OPTIONAL = re.compile(r"[,;(\s]+optional\)?\Z|\(optional\)\Z", re.IGNORECASE)
_ARRAYS = re.compile(r"(.+?)\s*\[\s*\]\Z")
_MAX_NESTING = 6


@lru_cache(maxsize=1024)
def spelled_type(written: str) -> JsonObject | None:
    """Give the JSON Schema that a type's name means: ``List[int]`` is an array of integers.

    None means that the name is plain JSON Schema already, or that nobody knows it.
    """
    if written in JSON_TYPES:
        return None
    return _meaning(written, 0)


def _meaning(written: str, depth: int) -> JsonObject | None:
    name = _OPTIONAL.sub("", written.strip()).strip()
    lowered = name.lower().removeprefix("typing.")
    if depth > _MAX_NESTING:
        return None
    if lowered in JSON_TYPES:
        return {"type": lowered}
    if lowered in _NAMES:
        return {"type": _NAMES[lowered]}
    if lowered in _ANY:
        return {}
    if "|" in name and "[" not in name:
        return _union(name.split("|"), depth)
    suffixed = _ARRAYS.match(name)
    if suffixed is not None:
        items = _meaning(suffixed[1], depth + 1)
        return {"type": "array", "items": items} if items else {"type": "array"}
    inside = _PARAMETRISED.match(name)
    if inside is not None:
        return _parametrised(inside[1].lower().removeprefix("typing."), inside[2], depth)
    for separator in (" or ", "/", ","):
        if separator in name:
            return _union(name.split(separator), depth)
    return None


def _parametrised(outer: str, inner: str, depth: int) -> JsonObject | None:
    parts = _split(inner)
    if outer == "optional":
        return _union([inner, "null"], depth)
    if outer == "union":
        return _union(parts, depth)
    if outer == "literal":
        return _one_of(inner)
    kind = _NAMES.get(outer, outer if outer in JSON_TYPES else None)
    if kind is None:
        return None
    if kind != "array" or len(parts) != 1 or outer == "tuple":
        return {"type": kind}
    items = _meaning(parts[0], depth + 1)
    return {"type": "array", "items": items} if items else {"type": "array"}


def _one_of(inner: str) -> JsonObject:
    """The allowed values, where they are written as texts."""
    try:
        values = ast.literal_eval(f"[{inner}]")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {"type": "string"}
    texts = [value for value in values if isinstance(value, str)]
    return {"type": "string", "enum": texts} if len(texts) == len(values) > 0 else {"type": "string"}


def _union(parts: list[str], depth: int) -> JsonObject | None:
    kinds: list[JsonValue] = []
    for part in parts:
        found = _meaning(part, depth + 1)
        if found is None:
            return None
        kind = found.get("type")
        if kind is None:
            return {}
        listed = kind if isinstance(kind, (list, tuple)) else [kind]
        kinds.extend(one for one in listed if one not in kinds)
    return {"type": kinds[0]} if len(kinds) == 1 else {"type": kinds}


def _split(inner: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, mark in enumerate(inner):
        if mark in "[(<":
            depth += 1
        elif mark in "])>":
            depth -= 1
        elif mark == "," and depth == 0:
            parts.append(inner[start:at].strip())
            start = at + 1
    return [*parts, inner[start:].strip()]
