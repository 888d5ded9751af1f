"""Reads OpenAPI 3 documents: every operation is a tool, parameters and request body are its arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import yaml

from sandbox.errors import ImportFailed
from sandbox.importers.cleaning import Cleaner
from sandbox.importers.foreign import ForeignTool, ForeignTools, tool_name

__all__ = ["read_openapi", "tools_of_document"]

MAX_FILE_BYTES = 16 << 20
MAX_PARTS = 2_000_000
_READS = ("get", "head", "options")
_METHODS = (*_READS, "post", "put", "patch", "delete")
_DONE = {
    "type": "object",
    "properties": {"status": {"type": "integer"}},
    "required": ["status"],
    "additionalProperties": False,
}
_NO_ARGUMENTS = frozenset({"accept", "authorization", "content-type"})


def read_openapi(path: str | Path) -> ForeignTools:
    """Read a JSON or YAML file.  Raises ``ImportFailed``."""
    file = Path(path)
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ImportFailed(f"{file}: larger than {MAX_FILE_BYTES} bytes")
        content = file.read_bytes()
    except OSError as error:
        raise ImportFailed(f"{file}: cannot be read: {error.strerror}") from None
    return tools_of_document(_parsed(file, content), source=file.name)


def _parsed(file: Path, content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as not_json:
        if file.suffix == ".json":
            raise ImportFailed(f"{file} line {not_json.lineno}: not JSON: {not_json.msg}") from None
    try:
        return _plain(yaml.safe_load(content), [0])
    except yaml.YAMLError as error:
        raise ImportFailed(f"{file}: not YAML: {' '.join(str(error).split())[:300]}") from None


def _plain(value: Any, parts: list[int]) -> Any:
    """Make YAML's dates and numeric keys text.  Aliases may unfold without end, so the parts are counted."""
    parts[0] += 1
    if parts[0] > MAX_PARTS:
        raise ImportFailed(f"the document has more than {MAX_PARTS} parts")
    if isinstance(value, Mapping):
        return {str(key): _plain(part, parts) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, parts) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def tools_of_document(document: Any, *, source: str) -> ForeignTools:
    """Give the tools of a parsed document.  Raises ``ImportFailed`` if it is no OpenAPI 3."""
    if not isinstance(document, Mapping) or not str(document.get("openapi", "")).startswith("3."):
        told = "Swagger 2" if isinstance(document, Mapping) and "swagger" in document else "no OpenAPI 3"
        raise ImportFailed(f"{source}: this is {told}; give an OpenAPI 3 document")
    info = _mapping(document.get("info"))
    cleaner = Cleaner(document)
    tools: list[ForeignTool] = []
    notes: list[str] = []
    for path, method, item, operation in _operations(document, cleaner, notes):
        try:
            tools.append(_tool(path, method, item, operation, cleaner))
        except ImportFailed as error:
            notes.append(f"{method.upper()} {path} is left out: {error}")
    return ForeignTools(
        source=source,
        title=str(info.get("title", source)),
        version=str(info.get("version", "1.0.0")),
        licence=str(_mapping(info.get("license")).get("name", "unknown")),
        tools=tuple(tools),
        root=document,
        notes=tuple(notes),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _operations(
    document: Mapping[str, Any], cleaner: Cleaner, notes: list[str]
) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    for path, written in _mapping(document.get("paths")).items():
        try:
            item = _mapping(cleaner.resolved(written))
        except ImportFailed as error:
            notes.append(f"{path} is left out: {error}")
            continue
        for method in _METHODS:
            if isinstance(item.get(method), Mapping):
                yield path, method, item, item[method]


def _tool(
    path: str, method: str, item: Mapping[str, Any], operation: Mapping[str, Any], cleaner: Cleaner
) -> ForeignTool:
    properties: dict[str, Any] = {}
    required: list[str] = []
    _add_parameters(item, operation, cleaner, properties, required)
    _add_body(operation, cleaner, properties, required)
    returns, answers = _response(operation, cleaner)
    told = operation.get("description") or operation.get("summary") or f"{method.upper()} {path}"
    return ForeignTool(
        name=tool_name(str(operation.get("operationId") or f"{method}_{path}")),
        description=" ".join(str(told).split()),
        parameters={"type": "object", "properties": properties, "required": required},
        returns=returns,
        effect="read" if method in _READS else "write",
        answers=answers,
    )


def _add_parameters(
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    cleaner: Cleaner,
    properties: dict[str, Any],
    required: list[str],
) -> None:
    listed = [*(item.get("parameters") or ()), *(operation.get("parameters") or ())]
    found = [_mapping(cleaner.resolved(parameter)) for parameter in listed]
    # An operation's own parameter takes the place of the path's.
    by_place = {(part.get("in"), part.get("name")): part for part in found}
    for (place, name), parameter in by_place.items():
        needed = bool(parameter.get("required"))
        if not isinstance(name, str) or (place in ("header", "cookie") and not needed):
            continue
        if name.lower() in _NO_ARGUMENTS and place == "header":
            continue
        schema = parameter.get("schema", _json_media(_mapping(parameter.get("content"))).get("schema", {}))
        own = f"{place}_{name}" if name in properties else name  # a path's id and a query's are two
        properties[own] = _described(cleaner.resolved(schema), parameter.get("description"))
        if needed:
            required.append(own)


def _described(schema: Any, description: object) -> Any:
    if not isinstance(schema, Mapping) or not isinstance(description, str) or not description.strip():
        return schema
    return {**schema, "description": " ".join(description.split())}


def _add_body(
    operation: Mapping[str, Any], cleaner: Cleaner, properties: dict[str, Any], required: list[str]
) -> None:
    body = _mapping(cleaner.resolved(operation.get("requestBody")))
    media = _json_media(_mapping(body.get("content")))
    if not media:
        return
    schema = cleaner.resolved(media.get("schema", {}))
    members = _mapping(_mapping(schema).get("properties"))
    parts = {name: part for name, part in members.items() if not cleaner.is_marked(part, "readOnly")}
    needed = bool(body.get("required"))
    if not parts or any(name in properties for name in parts):
        properties["body"] = _described(schema, body.get("description"))
        required += ["body"] if needed else []
        return
    properties.update(parts)
    if needed:
        required += [name for name in _mapping(schema).get("required") or () if name in parts]


def _json_media(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Choose the JSON form of a body, else the first one."""
    for kind, media in content.items():
        if "json" in kind:
            return _mapping(media)
    return _mapping(next(iter(content.values()), {}))


def _response(operation: Mapping[str, Any], cleaner: Cleaner) -> tuple[Any, tuple[Any, ...]]:
    responses = _mapping(operation.get("responses"))
    good = sorted(code for code in responses if code.upper().startswith("2"))
    code = good[0] if good else "default" if "default" in responses else ""
    response = _mapping(cleaner.resolved(responses.get(code)))
    media = _json_media(_mapping(response.get("content")))
    if "schema" not in media:
        status = int(code) if code.isdecimal() else 200
        return _DONE, ({"status": status},)
    return media["schema"], tuple(_examples(media, cleaner))


def _examples(media: Mapping[str, Any], cleaner: Cleaner) -> Iterator[Any]:
    schema = _mapping(cleaner.resolved(media["schema"]))
    named = _mapping(media.get("examples"))
    for example in (media, *(_mapping(cleaner.resolved(part)) for part in named.values()), schema):
        for key in ("example", "value"):
            if key in example and (key == "example" or example is not media):
                yield example[key]
