"""Makes foreign JSON Schemas (OpenAPI's dialect too) into ones that a pack may have.

Local references are written out; what a pack's lint refuses is left out; nothing becomes stricter by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sandbox.errors import ImportFailed, PolicyViolation
from sandbox.schema import ONE_SCHEMA, SCHEMA_LISTS, SCHEMAS_BY_NAME, compile_schema

__all__ = ["Cleaner"]

MAX_PARTS = 20_000
_DROPPED = frozenset(
    {
        "$anchor", "$comment", "$defs", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor",
        "$recursiveRef", "$schema", "$vocabulary", "definitions", "deprecated", "discriminator", "example",
        "examples", "externalDocs", "nullable", "readOnly", "title", "writeOnly", "xml",
    }
)  # fmt: skip
_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_OTHER_TYPES = {
    "any": None, "bool": "boolean", "date": "string", "datetime": "string", "dict": "object",
    "double": "number", "file": "string", "float": "number", "int": "integer", "list": "array",
    "long": "integer", "str": "string", "text": "string",
}  # fmt: skip
_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


class Cleaner:
    """Cleans the schemas of one document."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._parts = 0
        self._open: list[str] = []
        self._left_out: str | None = None

    def clean(self, schema: Any, *, without: Literal["readOnly", "writeOnly"] | None = None) -> Any:
        """Give the schema in a form that passes the lint.  Raises ``ImportFailed`` if it is too large.

        ``without`` names the members to leave out: nobody sends what is ``readOnly``, or gets ``writeOnly``.
        """
        self._parts = 0
        self._left_out = without
        cleaned = self._schema(schema)
        try:
            compile_schema(cleaned)
        except PolicyViolation as error:
            raise ImportFailed(str(error)) from None
        return cleaned

    def look_up(self, reference: str) -> Any:
        """Follow a JSON pointer into the document.  Raises ``ImportFailed`` if it leads nowhere."""
        if not reference.startswith("#"):
            raise ImportFailed(f"{reference}: only references inside the document are followed")
        found = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            if isinstance(found, Mapping) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            else:
                raise ImportFailed(f"{reference} leads nowhere in the document")
        return found

    def resolved(self, part: Any) -> Any:
        """Follow references until there is something that is none."""
        for _ in range(32):
            if not isinstance(part, Mapping) or not isinstance(part.get("$ref"), str):
                return part
            part = self.look_up(part["$ref"])
        raise ImportFailed("references lead round in a circle")

    def _schema(self, schema: Any) -> Any:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise ImportFailed("the schema is too large with its references written out")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            return {}
        if isinstance(schema.get("$ref"), str):
            return self._referenced(schema)
        cleaned: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword not in _DROPPED and not keyword.startswith("x-"):
                self._keyword(keyword, value, schema, cleaned)
        if self._left_out is not None:
            self._leave_out(schema, cleaned)
        return _nullable(cleaned) if schema.get("nullable") is True else cleaned

    def _leave_out(self, schema: Mapping[str, Any], cleaned: dict[str, Any]) -> None:
        members = schema.get("properties")
        listed = members.items() if isinstance(members, Mapping) else ()
        marked = {str(name) for name, part in listed if self.is_marked(part, self._left_out)}
        if marked:
            cleaned["properties"] = {
                name: part for name, part in cleaned["properties"].items() if name not in marked
            }
            if "required" in cleaned:
                cleaned["required"] = [name for name in cleaned["required"] if name not in marked]

    def is_marked(self, part: Any, mark: str | None) -> bool:
        """Tell whether a schema, or what it refers to, has the mark.  Raises ``ImportFailed``."""
        resolved = self.resolved(part)
        return any(isinstance(one, Mapping) and one.get(mark) is True for one in (part, resolved))

    def _referenced(self, schema: Mapping[str, Any]) -> Any:
        reference = schema["$ref"]
        if reference in self._open:
            return self._outline(reference)
        self._open.append(reference)
        try:
            target = self.look_up(reference)
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            return self._schema({**target, **beside} if isinstance(target, Mapping) else target)
        finally:
            self._open.pop()

    def _outline(self, reference: str) -> Any:
        """Give the type of a schema that is inside itself: from the second level on, no more is asked."""
        target = self.look_up(reference)
        kind = _type(target.get("type")) if isinstance(target, Mapping) else None
        outline = {} if kind is None else {"type": kind}
        return _nullable(outline) if outline and target.get("nullable") is True else outline

    def _keyword(self, keyword: str, value: Any, schema: Mapping[str, Any], cleaned: dict[str, Any]) -> None:
        if keyword == "type":
            kind = _type(value)
            cleaned |= {} if kind is None else {"type": kind}
        elif keyword in SCHEMAS_BY_NAME and isinstance(value, Mapping):
            cleaned[keyword] = {str(name): self._schema(part) for name, part in value.items()}
        elif keyword in SCHEMA_LISTS and isinstance(value, list) and value:
            cleaned[keyword] = [self._schema(part) for part in value]
        elif keyword in ONE_SCHEMA:
            if keyword != "items" or not isinstance(value, list):
                cleaned[keyword] = self._schema(value)
        elif keyword in _EXCLUSIVE and isinstance(value, bool):
            if value and _EXCLUSIVE[keyword] in schema:
                cleaned[keyword] = schema[_EXCLUSIVE[keyword]]
        elif keyword == "required":
            if isinstance(value, list):
                cleaned[keyword] = list(dict.fromkeys(name for name in value if isinstance(name, str)))
        elif keyword == "uniqueItems":
            cleaned |= {"uniqueItems": True} if value is True and "maxItems" in schema else {}
        elif keyword == "enum":
            cleaned |= {"enum": value} if isinstance(value, list) and value else {}
        elif _compiles(keyword, value):
            cleaned[keyword] = value


def _type(value: Any) -> Any:
    if isinstance(value, list):
        kinds = list(dict.fromkeys(kind for kind in map(_type, value) if isinstance(kind, str)))
        return kinds or None
    if not isinstance(value, str) or value in _TYPES:
        return value if isinstance(value, str) else None
    return _OTHER_TYPES.get(value.lower(), "string")


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
        return schema
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema


def _compiles(keyword: str, value: Any) -> bool:
    """Tell whether a keyword with this value is valid; such as a pattern of another language is not."""
    try:
        compile_schema({keyword: value})
    except PolicyViolation:
        return False
    return True
