"""Tool parameters in any dialect, made JSON Schema of one object: the only place that knows the spellings.

Types of other languages are respelled, requiredness is gathered from the five places where data sets put it,
and flat lists of parameters become the properties of an object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toolace_mt.formats.type_names import JSON_TYPES, spelled_type
from toolace_mt.json_path import child
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["Parameters", "normal_parameters"]

_TRUE = ("true", "yes", "required")
_SUBSCHEMAS = ("anyOf", "oneOf", "allOf")
_DEFINITIONS = ("$defs", "definitions", "patternProperties")
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The normal schema, and the paths of the types that were spelled in another language's way."""

    schema: JsonObject
    respelled: tuple[str, ...] = ()


@dataclass(slots=True)
class _Respelling:
    paths: list[str] = field(default_factory=list)


def normal_parameters(
    written: JsonObject, *, required: JsonValue = None, default_means_optional: bool = False
) -> Parameters:
    """Give the parameters as the JSON Schema of an object.

    ``required`` is a list that stands beside the parameters; with ``default_means_optional`` a parameter of a
    flat list is required unless it has a default.  A schema that needs nothing is given back unchanged.
    """
    seen = _Respelling()
    flat = is_flat(written)
    root: JsonObject = {"type": "object", "properties": written} if flat else written
    schema = _schema(root, "$", seen, flat and default_means_optional)
    if isinstance(required, (list, tuple)) and "required" not in schema:
        schema = {**schema, "required": [name for name in required if isinstance(name, str)]}
    return Parameters(schema=schema, respelled=tuple(seen.paths))


def is_flat(written: JsonObject) -> bool:
    """Tell whether these are parameters by name, without the object around them."""
    if not written or not all(isinstance(value, Mapping) for value in written.values()):
        return False
    keywords = ("properties", "anyOf", "oneOf", "allOf", "$defs", "definitions", "items", "$ref", "not")
    if any(keyword in written for keyword in keywords):
        inner = written.get("properties")
        return isinstance(inner, Mapping) and isinstance(inner.get("type"), str)
    return True


def _schema(schema: JsonObject, path: str, seen: _Respelling, by_default: bool = False) -> JsonObject:
    changed: dict[str, JsonValue] = dict(schema)
    _respell_type(changed, path, seen)
    _move_synonyms(changed)
    properties = changed.get("properties")
    if isinstance(properties, Mapping):
        _normal_properties(changed, properties, path, seen, by_default)
    elif "properties" in changed and properties is None:
        del changed["properties"]
    _normal_inner(changed, path, seen)
    return schema if changed == schema and list(changed) == list(schema) else changed


def _normal_properties(
    changed: dict[str, JsonValue],
    properties: JsonObject,
    path: str,
    seen: _Respelling,
    by_default: bool,
) -> None:
    listed = changed.get("required")
    required = [name for name in listed if isinstance(name, str)] if isinstance(listed, (list, tuple)) else []
    normal: dict[str, JsonValue] = {}
    for name, written in properties.items():
        inner: JsonValue = {"type": written} if isinstance(written, str) else written
        if not isinstance(inner, Mapping):
            normal[name] = inner
            continue
        if _is_required(inner, by_default) and name not in required:
            required.append(name)
        normal[name] = _schema(_without_flags(inner), child(f"{path}.properties", name), seen)
    if not isinstance(listed, (list, tuple)):
        changed.pop("required", None)
        required += _not_optional(changed.get("optional"), properties, required)
    if required and required != listed:
        changed["required"] = required
    if any(normal[name] is not properties[name] for name in normal):
        changed["properties"] = normal


def _is_required(schema: JsonObject, by_default: bool) -> bool:
    flag = schema.get("required")
    if flag is True or (isinstance(flag, str) and flag.lower() in _TRUE):
        return True
    if not by_default or flag is not None:
        return False
    kind = schema.get("type")
    return "default" not in schema and not (isinstance(kind, str) and "optional" in kind.lower())


def _not_optional(optional: JsonValue, properties: JsonObject, required: list[str]) -> list[str]:
    """Where only the optional parameters are listed, the others are required."""
    if not isinstance(optional, (list, tuple)) or not optional:
        return []
    return [name for name in properties if name not in optional and name not in required]


def _without_flags(schema: JsonObject) -> JsonObject:
    if isinstance(schema.get("required"), (bool, str)) or isinstance(schema.get("optional"), bool):
        return {
            key: value
            for key, value in schema.items()
            if not (key == "required" and isinstance(value, (bool, str)))
            and not (key == "optional" and isinstance(value, bool))
        }
    return schema


def _respell_type(changed: dict[str, JsonValue], path: str, seen: _Respelling) -> None:
    written = changed.get("type")
    if isinstance(written, (list, tuple)) and all(
        isinstance(name, str) and name in JSON_TYPES for name in written
    ):
        return
    if written is None and "type" in changed:
        del changed["type"]
    if isinstance(written, str) and written in JSON_TYPES:
        return
    found = spelled_type(written) if isinstance(written, str) else _listed_types(written)
    if found is None:
        return
    seen.paths.append(f"{path}.type")
    del changed["type"]
    for key, value in found.items():
        changed.setdefault(key, value)


def _listed_types(written: JsonValue) -> JsonObject | None:
    if not isinstance(written, (list, tuple)) or not all(isinstance(name, str) for name in written):
        return None
    kinds: list[JsonValue] = []
    for name in written:
        found = spelled_type(str(name)) or ({"type": name} if name in JSON_TYPES else None)
        if found is None:
            return None
        inner = found.get("type")
        if inner is None:
            return {}
        kinds.extend(
            kind for kind in (inner if isinstance(inner, (list, tuple)) else [inner]) if kind not in kinds
        )
    return {"type": kinds}


def _move_synonyms(changed: dict[str, JsonValue]) -> None:
    """Draft 4 and OpenAPI spellings, and keywords that some data sets made up."""
    if "enum" not in changed and isinstance(changed.get("allowed_values"), list):
        changed["enum"] = changed.pop("allowed_values")
    if "items" not in changed and isinstance(changed.get("item"), Mapping):
        changed["items"] = changed.pop("item")
    for keyword in ("enum", "items", "required"):
        if keyword in changed and changed[keyword] is None:
            del changed[keyword]
    if changed.get("enum") == []:
        del changed["enum"]
    for exclusive, bound in _BOUNDS:
        flag = changed.get(exclusive)
        if isinstance(flag, bool):
            del changed[exclusive]
            if flag and bound in changed:
                changed[exclusive] = changed.pop(bound)
    kind = changed.get("type")
    if changed.get("nullable") is True and isinstance(kind, str) and kind != "null":
        changed["type"] = [kind, "null"]


def _normal_inner(changed: dict[str, JsonValue], path: str, seen: _Respelling) -> None:
    items = changed.get("items")
    if isinstance(items, str):
        items = {"type": items}
    if isinstance(items, Mapping):
        changed["items"] = _schema(items, f"{path}.items", seen)
    elif items == []:
        del changed["items"]
    extra = changed.get("additionalProperties")
    if isinstance(extra, Mapping):
        changed["additionalProperties"] = _schema(extra, f"{path}.additionalProperties", seen)
    for keyword in _SUBSCHEMAS:
        inner = changed.get(keyword)
        if isinstance(inner, (list, tuple)):
            changed[keyword] = _each(inner, f"{path}.{keyword}", seen)
    for keyword in _DEFINITIONS:
        named = changed.get(keyword)
        if isinstance(named, Mapping):
            changed[keyword] = {
                name: _schema(value, child(f"{path}.{keyword}", name), seen)
                if isinstance(value, Mapping)
                else value
                for name, value in named.items()
            }


def _each(schemas: Sequence[JsonValue], path: str, seen: _Respelling) -> list[JsonValue]:
    return [
        _schema(inner, child(path, index), seen) if isinstance(inner, Mapping) else inner
        for index, inner in enumerate(schemas)
    ]
