"""Declared tools, wrapped or bare, under all the names that data sets give their parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeGuard

import orjson

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.json_text import NotJsonError, parse_json
from toolace_mt.formats.schemas import Parameters, normal_parameters
from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue

__all__ = ["SharedTools", "looks_like_tool", "read_tools", "tools_anywhere", "write_tool"]

_NAMES = ("name", "api_name", "tool_name")
_DESCRIPTIONS = ("description", "api_description", "tool_description")
_PARAMETERS = (
    "parameters",
    "input_schema",
    "inputSchema",
    "input_parameters",
    "query_parameters",
    "arguments",
    "args",
    "parameters_json_schema",
)
_FREE_TEXT: JsonObject = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
}
_LISTED = ("required_parameters", "optional_parameters")


def read_tools(
    value: JsonValue, *, native: bool = False, default_means_optional: bool = False
) -> tuple[DeclaredTool, ...] | None:
    """Read declared tools: wrapped or bare, a list or the JSON text of one; equal lists give one tuple.

    With ``native`` the types of another language belong to the dialect and are nobody's fault; with
    ``default_means_optional`` a parameter of a flat list is required unless it has a default.
    """
    if value is None:
        return None
    try:
        return _tools(_Written(value), native, default_means_optional)
    except NotJsonError as error:
        raise UnreadableRecordError(f"tools are {error}") from None


class SharedTools(list[JsonValue]):
    """A list of tools that many records have, which is written once for all of them."""

    def __init__(self, tools: Iterable[JsonValue]) -> None:
        super().__init__(tools)
        self.text = orjson.dumps(self)


class _Written:
    """A cache key: equal if it would be written the same."""

    __slots__ = ("text", "value")

    def __init__(self, value: JsonValue) -> None:
        self.value = value
        self.text = value.text if isinstance(value, SharedTools) else orjson.dumps(value)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Written) and other.text == self.text


@lru_cache(maxsize=64)
def _tools(written: _Written, native: bool, by_default: bool) -> tuple[DeclaredTool, ...]:
    value = written.value
    listed = parse_json(value) if isinstance(value, str) and value.strip() else value
    if isinstance(listed, str):
        return ()
    if isinstance(listed, Mapping):
        listed = _by_name(listed) if not looks_like_tool(listed) else [listed]
    if not isinstance(listed, list):
        raise UnreadableRecordError("tools are no list")
    return tuple(
        _tool(parse_json(entry) if isinstance(entry, str) else entry, number, native, by_default)
        for number, entry in enumerate(_flattened(listed))
    )


def _by_name(tools: JsonObject) -> list[JsonValue]:
    """Tools in an object, each under its name; anything else is taken as one tool, to be complained of."""
    if tools and all(isinstance(entry, Mapping) for entry in tools.values()):
        return [{"name": name, **entry} for name, entry in tools.items() if isinstance(entry, Mapping)]
    return [tools]


def _flattened(listed: Sequence[JsonValue]) -> list[JsonValue]:
    """Some list their functions once more inside one tool."""
    flat: list[JsonValue] = []
    for entry in listed:
        inner = None
        if isinstance(entry, (dict, Mapping)):
            inner = entry.get("function_declarations", entry.get("functions"))
        flat.extend(inner) if isinstance(inner, list) else flat.append(entry)
    return flat


def looks_like_tool(entry: JsonValue) -> bool:
    """Tell whether an object declares one tool."""
    if not isinstance(entry, Mapping):
        return False
    function = entry.get("function")
    if not isinstance(function, Mapping) and entry.get("type") == "custom":
        function = entry.get("custom")
    if isinstance(function, Mapping):
        return isinstance(function.get("name"), str)
    return any(isinstance(entry.get(key), str) for key in _NAMES) and any(
        key in entry for key in (*_PARAMETERS, *_LISTED, *_DESCRIPTIONS)
    )


def tools_anywhere(record: JsonObject) -> JsonValue:
    """Give the longest list of tools in a record or in an object in it, under whatever key; None if none is.

    Some list the tools that are needed beside those that are offered.
    """
    holders = [record, *(member for member in record.values() if isinstance(member, (dict, Mapping)))]
    lists = [member for holder in holders for member in holder.values() if _lists_tools(member)]
    return max(lists, key=len, default=None)


def _lists_tools(member: JsonValue) -> TypeGuard[list[JsonValue]]:
    return isinstance(member, list) and bool(member) and all(map(_is_described, member))


def _is_described(entry: JsonValue) -> bool:
    if isinstance(entry, str):  # each tool as JSON text
        return entry.startswith("{") and '"name"' in entry and '"description"' in entry
    if not isinstance(entry, (dict, Mapping)) or not looks_like_tool(entry):
        return False
    function = entry.get("function", entry)
    return isinstance(function, (dict, Mapping)) and "description" in function


def _tool(entry: JsonValue, number: int, native: bool, by_default: bool) -> DeclaredTool:
    if isinstance(entry, (dict, Mapping)) and entry.get("type") == "custom":
        entry = _custom(entry)
    function = entry.get("function", entry) if isinstance(entry, (dict, Mapping)) else None
    if not isinstance(function, (dict, Mapping)):
        raise UnreadableRecordError(f"tool {number} is no object")
    name = _first(function, _NAMES)
    if not isinstance(name, str) or not name:
        raise UnreadableRecordError(f"tool {number} has no name")
    # As text: the bytes that orjson writes take 4 KB for as long as they are kept.
    return _declared(name, orjson.dumps(function).decode(), native, by_default)


def _custom(entry: JsonObject) -> JsonObject:
    """A custom tool takes free text, which its calls give as ``input``."""
    custom = entry.get("custom", entry)
    if not isinstance(custom, (dict, Mapping)):
        return entry
    return {
        "name": custom.get("name"),
        "description": custom.get("description"),
        "parameters": custom.get("parameters", _FREE_TEXT),
    }


@lru_cache(maxsize=2048)
def _declared(name: str, written: str, native: bool, by_default: bool) -> DeclaredTool:
    """Equal tools give one value, so that what follows does its work on each of them once."""
    function: JsonObject = orjson.loads(written)
    description = _first(function, _DESCRIPTIONS)
    found = _parameters(function, name, by_default)
    return DeclaredTool(
        name=name,
        description=description if isinstance(description, str) else "",
        parameters=None if found is None else found.schema,
        respelled=() if native or found is None else found.respelled,
    )


def _parameters(function: JsonObject, name: str, by_default: bool) -> Parameters | None:
    written = _first(function, _PARAMETERS)
    if written is None and any(key in function for key in _LISTED):
        written = _from_lists(function)
    if isinstance(written, str):
        try:
            written = parse_json(written) if written.strip() else None
        except NotJsonError as error:
            raise UnreadableRecordError(f"the parameters of tool {name!r} are {error}") from None
    if isinstance(written, (list, tuple)):
        written = _from_list(written)
    if function.get("requires_auth") is True and isinstance(written, Mapping):
        written = {"session_token": {"type": "string"}, **written}  # ToolTalk leaves it unsaid
    if written is None:
        return None
    if not isinstance(written, Mapping):
        raise UnreadableRecordError(f"the parameters of tool {name!r} are no object")
    return normal_parameters(written, required=function.get("required"), default_means_optional=by_default)


def _from_list(listed: Sequence[JsonValue], **flags: bool) -> JsonValue:
    """Parameters as a list of objects with names."""
    named: dict[str, JsonValue] = {}
    for entry in listed:
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(name, str):
            return list(listed)
        inner = entry.get("schema")
        rest = {key: value for key, value in entry.items() if key not in ("name", "in", "schema")}
        named[name] = {**(inner if isinstance(inner, Mapping) else {}), **rest, **flags}
    return {"type": "object", "properties": named}


def _from_lists(function: JsonObject) -> JsonValue:
    """ToolBench lists required and optional parameters apart."""
    merged: dict[str, JsonValue] = {}
    for key in _LISTED:
        listed = function.get(key)
        if not isinstance(listed, (list, tuple)):
            continue
        part = _from_list(listed, required=key == "required_parameters")
        inner = part.get("properties") if isinstance(part, Mapping) else None
        if not isinstance(inner, Mapping):
            return list(listed)
        merged.update(inner)
    return {"type": "object", "properties": merged}


def _first(entry: JsonObject, keys: tuple[str, ...]) -> JsonValue:
    for key in keys:
        found = entry.get(key)
        if found is not None:
            return found
    return None


def write_tool(tool: DeclaredTool) -> JsonObject:
    """Write a tool as an OpenAI function tool."""
    function: dict[str, JsonValue] = {"name": tool.name, "description": tool.description}
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    return {"type": "function", "function": function}
