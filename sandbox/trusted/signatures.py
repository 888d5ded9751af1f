"""Describes Python methods as tools: signatures, annotations and docstrings to OpenAI function definitions.

Run in a worker process: it evaluates annotations of somebody else's code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import orjson
from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError

from sandbox.trusted.docstrings import read_docstring

__all__ = ["describe_tool", "describe_tools"]

_NOT_BY_NAME = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)


def describe_tools(tools: Mapping[str, Callable[..., Any]]) -> list[dict[str, Any]]:
    """Describe tools by name, in order."""
    return [describe_tool(name, tool) for name, tool in tools.items()]


def describe_tool(name: str, tool: Callable[..., Any]) -> dict[str, Any]:
    """Give ``{"type": "function", "function": ..., "returns": schema}`` for one function or method."""
    told = read_docstring(inspect.getdoc(tool))
    hints = _hints(tool)
    defs: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    open_ended = False
    for parameter in inspect.signature(tool).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            open_ended = True
        elif parameter.kind not in _NOT_BY_NAME:
            properties[parameter.name] = _property(parameter, hints, told.parameters, defs)
            if parameter.default is parameter.empty:
                required.append(parameter.name)
    parameters = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": open_ended,
        **({"$defs": defs} if defs else {}),
    }
    function = {"name": name, "description": told.summary or f"{name}.", "parameters": parameters}
    return {"type": "function", "function": function, "returns": _returns(hints)}


def _hints(tool: Callable[..., Any]) -> dict[str, Any]:
    """Evaluate the annotations; those that cannot be are as if there were none."""
    try:
        return get_type_hints(tool, include_extras=True)
    except Exception:  # noqa: BLE001  # annotations are code and may raise anything
        return {}


def _property(
    parameter: inspect.Parameter, hints: Mapping[str, Any], told: Mapping[str, str], defs: dict[str, Any]
) -> dict[str, Any]:
    schema = _schema(hints.get(parameter.name, Any), defs)
    if told.get(parameter.name):
        schema["description"] = told[parameter.name]
    if parameter.default is not parameter.empty and _is_json(parameter.default):
        schema["default"] = parameter.default
    return schema


def _schema(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:
    """Write an annotation as JSON Schema; one that JSON has no word for allows anything."""
    try:
        written = TypeAdapter(hint).json_schema()
    except (PydanticUserError, TypeError, NameError, AttributeError):
        return {}
    defs.update(written.pop("$defs", {}))
    schema: dict[str, Any] = _untitled(written)
    for name, part in defs.items():
        defs[name] = _untitled(part)
    return schema


def _returns(hints: Mapping[str, Any]) -> dict[str, Any]:
    defs: dict[str, Any] = {}
    schema = _schema(hints.get("return", Any), defs)
    return {**schema, "$defs": defs} if defs else schema


def _untitled(schema: Any, *, names: bool = False) -> Any:
    """Take out the titles that repeat the names; ``names`` says that the keys here are names."""
    if isinstance(schema, dict):
        return {
            key: _untitled(part, names=not names and key in ("properties", "$defs"))
            for key, part in schema.items()
            if names or key != "title"
        }
    return [_untitled(part) for part in schema] if isinstance(schema, list) else schema


def _is_json(value: object) -> bool:
    try:
        orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:
        return False
    return True
