"""Untrusted JSON Schemas: a lint that bounds what a schema can cost, and compiled validators.

A tool's schema comes from the same stranger as its code.  A schema that passes ``lint_schema`` is of bounded
size, refers to nothing outside itself, does not recurse, and holds only patterns of linear-time engines.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import orjson

from sandbox.errors import PolicyViolation
from sandbox.json_path import json_path
from sandbox.schema_errors import errors_of, reach_of
from sandbox.types import JsonObject, JsonValue

__all__ = [
    "SchemaProblem",
    "Validator",
    "compile_linted",
    "compile_schema",
    "count_of",
    "lint_schema",
    "without_hints",
]

MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_BYTES = 400_000
MAX_EXPANDED_NODES = 50_000
MAX_REGEX_BYTES = 1 << 20
MAX_UNIQUE = 10_000
MAX_LEAST_PARTS = 50_000
# whoever draws a value for a schema must make this much
MOST_DEMANDED = {"minContains": 1_000, "minItems": 1_000, "minLength": 10_000, "minProperties": 1_000}

DIALECTS = {
    f"{scheme}://json-schema.org/{name}{end}"
    for scheme in ("http", "https")
    for end in ("", "#")
    for name in (
        "draft-04/schema",
        "draft-06/schema",
        "draft-07/schema",
        "draft/2019-09/schema",
        "draft/2020-12/schema",
    )
}
FORBIDDEN_KEYWORDS = frozenset(
    {
        "$id",
        "id",
        "$anchor",
        "$dynamicAnchor",
        "$dynamicRef",
        "$recursiveAnchor",
        "$recursiveRef",
        "$vocabulary",
    }
)
SCHEMAS_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
SCHEMA_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
ONE_SCHEMA = frozenset(
    {
        "additionalItems",
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProblem:
    """Why a value does not fit: the JSON path in the value, the keyword that it breaks, and a sentence."""

    path: str
    keyword: str
    message: str


_UNTOLD = SchemaProblem(path="$", keyword="schema", message="does not fit; it is too large to say where")


class Validator:
    """A compiled schema.  Cheap to call, costly to build (keep it)."""

    __slots__ = ("_reach", "_validator", "fits")

    def __init__(self, validator: jsonschema_rs.Validator, encoded: str) -> None:
        self._validator = validator
        self._reach = reach_of(encoded)
        self.fits = validator.is_valid

    def problems(self, value: JsonValue) -> list[SchemaProblem]:
        """Give what is wrong with ``value``, nothing if it fits; of what could be very much, the first."""
        errors = errors_of(self._validator, self._reach, value)
        if errors is None:
            return [_UNTOLD]
        return [
            SchemaProblem(
                path=json_path(error.instance_path), keyword=error.kind.name, message=error.message[:500]
            )
            for error in errors
        ]


def compile_schema(schema: JsonObject | bool, *, where: str = "schema") -> Validator:
    """Lint and compile a schema.

    Raises ``PolicyViolation`` when the schema is not valid JSON Schema or asks for more than the lint allows.
    """
    lint_schema(schema, where=where)
    return compile_linted(schema, where=where)


def compile_linted(schema: JsonObject | bool, *, where: str = "schema") -> Validator:
    """Compile a schema that has passed ``lint_schema``: without it, this may take any time and memory."""
    return _compiled(_written(schema), where)


def lint_schema(schema: object, *, where: str = "schema") -> None:
    """Raise ``PolicyViolation`` unless the schema is harmless to compile and to validate with."""
    size = _Size(where)
    _lint(schema, where, 0, size)
    if size.bytes > MAX_BYTES:
        raise PolicyViolation(
            f"{where}: {size.bytes} characters are too many; keep a schema under {MAX_BYTES}"
        )
    expanded = _expanded_size(schema, schema, where, (), {})
    if expanded > MAX_EXPANDED_NODES:
        raise PolicyViolation(
            f"{where}: {expanded} parts with its references; the limit is {MAX_EXPANDED_NODES}"
        )
    least = _least_parts(schema, schema, {})
    if least > MAX_LEAST_PARTS:
        raise PolicyViolation(
            f"{where}: the smallest value that fits has about {least} parts; the limit is {MAX_LEAST_PARTS}"
        )
    try:
        encoded = _written(schema)
    except (TypeError, ValueError) as error:
        raise PolicyViolation(f"{where}: not plain JSON: {error}") from None
    _compiled(encoded, where)


class _Size:
    __slots__ = ("bytes", "nodes", "where")

    def __init__(self, where: str) -> None:
        self.where = where
        self.nodes = 0
        self.bytes = 0

    def add(self, value: object, depth: int) -> None:
        self.nodes += 1
        self.bytes += len(value) if isinstance(value, str) else 8
        if self.nodes > MAX_NODES:
            raise PolicyViolation(f"{self.where}: more than {MAX_NODES} parts; make the schema smaller")
        if depth > MAX_DEPTH:
            raise PolicyViolation(f"{self.where}: nested deeper than {MAX_DEPTH}; make the schema flatter")


def _lint(schema: object, where: str, depth: int, size: _Size) -> None:
    size.add(schema, depth)
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping):
        raise PolicyViolation(f"{where}: a schema is an object or a boolean, not {type(schema).__name__}")
    for keyword, value in schema.items():
        size.add(keyword, depth)
        _lint_keyword(schema, keyword, value, f"{where}.{keyword}", depth, size)


def _lint_keyword(
    schema: Mapping[str, object], keyword: object, value: object, where: str, depth: int, size: _Size
) -> None:
    if not isinstance(keyword, str):
        raise PolicyViolation(f"{where}: a keyword is a text, not {type(keyword).__name__}")
    if keyword in FORBIDDEN_KEYWORDS and isinstance(value, str):
        raise PolicyViolation(f"{where}: this keyword is not allowed; refer to #/$defs/NAME only")
    if keyword == "$schema" and value not in DIALECTS:
        raise PolicyViolation(f"{where}: unknown dialect {value!r}; leave the keyword out for draft 2020-12")
    if keyword == "$ref" and not _is_local(value):
        raise PolicyViolation(f"{where}: {value!r} is not local; refer to #/$defs/NAME only")
    if keyword == "uniqueItems" and value is True and not _at_most(schema.get("maxItems"), MAX_UNIQUE):
        raise PolicyViolation(
            f"{where}: needs maxItems of at most {MAX_UNIQUE} beside it, for comparing all pairs is slow"
        )
    if keyword in MOST_DEMANDED and not _at_most(value, MOST_DEMANDED[keyword]):
        raise PolicyViolation(f"{where}: asks for too much; at most {MOST_DEMANDED[keyword]}")
    if keyword == "pattern" and isinstance(value, str):
        _check_pattern(value, where)
    if keyword == "patternProperties" and isinstance(value, Mapping):
        for name in value:
            _check_pattern(name, where)
    if keyword in SCHEMAS_BY_NAME and isinstance(value, Mapping):
        for name, part in value.items():
            size.add(name, depth)
            _lint(part, f"{where}.{name}", depth + 1, size)
    elif keyword in SCHEMA_LISTS and isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            _lint(part, f"{where}[{index}]", depth + 1, size)
    elif keyword in ONE_SCHEMA and not isinstance(value, (list, tuple)):
        _lint(value, where, depth + 1, size)
    elif keyword == "items" and isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            _lint(part, f"{where}[{index}]", depth + 1, size)
    else:
        _measure(value, depth + 1, size)


def _check_pattern(pattern: object, where: str) -> None:
    """Refuse what is no pattern of the linear engine, even where no value will ever meet it."""
    _compiled(_written({"pattern": pattern}), where)


def _at_most(value: object, limit: int) -> bool:
    return isinstance(value, (int, float)) and value <= limit


def _measure(value: object, depth: int, size: _Size) -> None:
    size.add(value, depth)
    if isinstance(value, Mapping):
        for key, part in value.items():
            size.add(key, depth)
            _measure(part, depth + 1, size)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _measure(part, depth + 1, size)


def _is_local(reference: object) -> bool:
    if not isinstance(reference, str):
        return False
    place, _, name = reference.rpartition("/")
    return place in ("#/$defs", "#/definitions") and name.replace("_", "").replace("-", "").isalnum()


def _expanded_size(
    schema: object, root: object, where: str, open_names: tuple[str, ...], known: dict[str, int]
) -> int:
    """Count the parts of a schema with every reference written out; refuse one that refers to itself."""
    if isinstance(schema, (list, tuple)):
        return 1 + sum(_expanded_size(part, root, where, open_names, known) for part in schema)
    if not isinstance(schema, Mapping):
        return 1
    total = 1
    for keyword, value in schema.items():
        if keyword in ("$defs", "definitions") and schema is root:
            continue
        total += _expanded_size(value, root, where, open_names, known)
        if keyword == "$ref" and isinstance(value, str):
            total += _referenced_size(value, root, where, open_names, known)
    return total


def _referenced_size(
    reference: str, root: object, where: str, open_names: tuple[str, ...], known: dict[str, int]
) -> int:
    if reference in open_names:
        raise PolicyViolation(f"{where}: {reference} refers to itself; write the levels out")
    if reference not in known:
        place, name = reference.removeprefix("#/").split("/", 1) if "/" in reference[2:] else ("", "")
        named = root.get(place) if isinstance(root, Mapping) else None
        if not isinstance(named, Mapping) or name not in named:
            raise PolicyViolation(f"{where}: {reference} leads nowhere; define it under $defs")
        known[reference] = _expanded_size(named[name], root, where, (*open_names, reference), known)
    return known[reference]


def _least_parts(schema: object, root: object, known: dict[str, int]) -> int:
    """Estimate how large the smallest value that fits is; a part is a value, or 64 characters of a text."""
    if not isinstance(schema, Mapping):
        return 1
    reference = schema.get("$ref")
    if isinstance(reference, str) and isinstance(root, Mapping):
        if reference not in known:
            place, _, name = reference.removeprefix("#/").partition("/")
            named = root.get(place)
            target = named.get(name) if isinstance(named, Mapping) else None
            known[reference] = _least_parts(target, root, known)
        return known[reference]

    def least(part: object) -> int:
        return _least_parts(part, root, known)

    properties = schema.get("properties")
    required = schema.get("required")
    parts = 1 + (count_of(schema, "minLength") >> 6)
    parts += count_of(schema, "minItems") * least(schema.get("items"))
    parts += count_of(schema, "minContains") * least(schema.get("contains"))
    parts += count_of(schema, "minProperties") * least(schema.get("additionalProperties"))
    if isinstance(properties, Mapping) and isinstance(required, (list, tuple)):
        parts += sum(least(properties.get(name)) for name in {*map(str, required)})
    for keyword in ("allOf", "prefixItems", "items"):
        listed = schema.get(keyword)
        parts += sum(map(least, listed)) if isinstance(listed, (list, tuple)) else 0
    for keyword in ("anyOf", "oneOf"):
        listed = schema.get(keyword)
        parts += max(map(least, listed), default=0) if isinstance(listed, (list, tuple)) else 0
    return parts


def count_of(schema: Mapping[str, object], keyword: str, otherwise: int = 0) -> int:
    """Give a count that a schema demands; it may be written as a float."""
    value = schema.get(keyword)
    return int(value) if isinstance(value, (int, float)) else otherwise


@functools.lru_cache(maxsize=512)
def _compiled(encoded: str, where: str) -> Validator:
    try:
        return Validator(
            jsonschema_rs.validator_for(
                orjson.loads(encoded),
                pattern_options=jsonschema_rs.RegexOptions(
                    size_limit=MAX_REGEX_BYTES, dfa_size_limit=MAX_REGEX_BYTES
                ),
                retriever=_refuse_to_fetch,
                validate_formats=False,
            ),
            encoded,
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        message = " ".join(str(error).split("\n\nOn instance")[0].split())
        raise PolicyViolation(f"{where}: not a valid schema: {message[:300]}") from None


def _written(schema: object) -> str:
    """Write a schema as text, for orjson's own bytes take 4 KB for as long as they are kept."""
    return orjson.dumps(schema, default=_plain).decode()


def _refuse_to_fetch(address: str) -> dict[str, object]:
    raise ValueError(f"{address} is not fetched; refer to #/$defs/NAME only")


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def without_hints(schema: Any) -> Any:
    """Take out the keys that start with ``x-``, which a pack's own machinery reads and nobody else."""
    if isinstance(schema, Mapping):
        return {key: without_hints(part) for key, part in schema.items() if not key.startswith("x-")}
    if isinstance(schema, (list, tuple)):
        return [without_hints(part) for part in schema]
    return schema
