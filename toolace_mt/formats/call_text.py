"""Calls and arguments written as text: JSON, Python literals, Python calls, bracket calls of odd names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeGuard

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.json_text import NotJsonError, dump_json, named_twice, parse_json
from toolace_mt.json_path import Leaf
from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue, RecordedCall

__all__ = [
    "bracket_calls",
    "call_of",
    "calls_of",
    "looks_like_call",
    "loose_value",
    "python_call",
    "read_arguments",
    "write_bracket_calls",
]

_MAX_LITERAL = 100_000
_SHORT = 300
_UNQUOTED_REFERENCE = re.compile(r"(?<=[:\[,])\s*(\$\{[^{}]*\})\s*(?=[,}\]])")
_NAME_KEYS = ("name", "api_name", "tool_name", "Action", "action", "api", "tool", "function_name")
_ARGUMENT_KEYS = (
    "arguments",
    "parameters",
    "Action_Input",
    "action_input",
    "kwargs",
    "args",
    "input",
    "param_dict",
    "input_parameters",
)
_LITERAL_NAMES: dict[str, JsonValue] = {"true": True, "false": False, "null": None, "none": None, "nan": None}


def loose_value(text: str) -> JsonValue:
    """Read JSON, JSON with unquoted ``${...}`` in it, or a Python literal; raise NotJsonError."""
    try:
        return parse_json(text)
    except NotJsonError as error:
        if len(text) > _MAX_LITERAL:
            raise
        quoted = _UNQUOTED_REFERENCE.sub(lambda found: dump_json(found[1]), text)
        if quoted != text:
            try:
                return parse_json(quoted)
            except NotJsonError:
                pass
        try:
            return _plain(ast.parse(text.strip(), mode="eval").body, 0)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise error from None


def read_arguments(written: JsonValue, *, loose: bool = False) -> tuple[JsonObject | None, str | None]:
    """Give the arguments, or their text if it is no object.  No text at all means no arguments.

    With ``loose`` a dialect's own spellings (Python literals, ``${..}``) are read too.
    """
    if not isinstance(written, str):
        if written is None:
            return {}, None
        return (written, None) if isinstance(written, (dict, Mapping)) else (None, dump_json(written))
    if not written.strip():
        return {}, None
    try:
        value = loose_value(written) if loose else parse_json(written)
    except NotJsonError:
        return None, written
    if not isinstance(value, (dict, Mapping)) or _is_repeating(written, value):
        return None, written
    return value, None


def _is_repeating(written: str, value: JsonObject) -> bool:
    """Tell whether an argument stands twice, of which a parser sees the last; a count clears flat ones."""
    if written.count('":') <= len(value):
        return False
    return named_twice(written) is not None


def call_of(value: JsonValue, where: str, *, loose: bool = True) -> RecordedCall:
    """Read an object with a name and arguments, whatever they are called; raise UnreadableRecordError."""
    if not isinstance(value, (dict, Mapping)):
        raise UnreadableRecordError(f"{where} has a call that is no object")
    inner = value.get("function")
    if isinstance(inner, (dict, Mapping)):
        value = {**inner, "id": value.get("id")}
    elif isinstance(inner, str):
        value = {"name": inner, **value}
    name = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str) and value[key]), None)
    if not isinstance(name, str):
        raise UnreadableRecordError(f"{where} has a call without a name")
    written = next((value[key] for key in _ARGUMENT_KEYS if key in value), None)
    arguments, raw = read_arguments(written, loose=loose)
    call_id = value.get("id")
    return RecordedCall(
        name=name, arguments=arguments, raw=raw, id=call_id if isinstance(call_id, str) else None
    )


def looks_like_call(value: JsonValue) -> TypeGuard[JsonObject]:
    """Tell whether an object names a tool and gives it arguments, and describes none."""
    if not isinstance(value, (dict, Mapping)) or "description" in value:
        return False
    inner = value.get("function")
    call = inner if isinstance(inner, (dict, Mapping)) else value
    return any(isinstance(call.get(key), str) for key in (*_NAME_KEYS, "function")) and any(
        isinstance(call.get(key), (str, dict, Mapping)) for key in _ARGUMENT_KEYS
    )


def calls_of(value: JsonValue, where: str) -> tuple[RecordedCall, ...]:
    """Read one call or a list of them, given as values or as text."""
    if isinstance(value, str):
        try:
            value = loose_value(value)
        except NotJsonError as error:
            raise UnreadableRecordError(f"{where} has calls that are {error}") from None
    if isinstance(value, (dict, Mapping)):
        return (call_of(value, where),)
    if not isinstance(value, (list, tuple)):
        raise UnreadableRecordError(f"{where} has calls that are neither an object nor a list")
    return tuple(call_of(item, where) for item in value)


def python_call(text: str, tools: Mapping[str, DeclaredTool]) -> RecordedCall:
    """Read ``name(1, key='v')``; positional arguments get the names that the declared tool gives them."""
    try:
        written = _short_call(text) if len(text) <= _SHORT else _written_call(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = re.match(r"\s*([\w.]+)", text)
        return RecordedCall(name=found[1] if found else text[:40] or "?", arguments=None, raw=text)
    name = written.name
    names = _parameter_names(tools.get(name) or tools.get(name.rsplit(".", 1)[-1]))
    arguments: dict[str, JsonValue] = {
        names[position] if position < len(names) else f"#{position}": value
        for position, value in enumerate(written.positional)
    }
    return RecordedCall(name=name, arguments=arguments | written.named)


class _WrittenCall(NamedTuple):
    name: str
    positional: list[JsonValue]
    named: dict[str, JsonValue]


def _written_call(text: str) -> _WrittenCall:
    node = ast.parse(text.strip(), mode="eval").body
    if not isinstance(node, ast.Call) or any(keyword.arg is None for keyword in node.keywords):
        raise ValueError("no call, or ** in one")
    return _WrittenCall(
        name=node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func),
        positional=[_argument(given) for given in node.args],
        named={str(keyword.arg): _argument(keyword.value) for keyword in node.keywords},
    )


def _argument(node: ast.expr) -> JsonValue:
    """Give the value of a literal, or of one division: answer keys write a chance as 1/6."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        whole, part = _plain(node.left, 0), _plain(node.right, 0)
        if isinstance(whole, (int, float)) and isinstance(part, (int, float)) and part != 0:
            return whole / part
    return _plain(node, 0)


_short_call = lru_cache(maxsize=2048)(_written_call)
"""Answer keys repeat one another, and Python's parser is slow."""


def _parameter_names(tool: DeclaredTool | None) -> list[str]:
    properties = None if tool is None or tool.parameters is None else tool.parameters.get("properties")
    return list(properties) if isinstance(properties, (dict, Mapping)) else []


def _plain(node: ast.expr, depth: int) -> JsonValue:
    """Give the value of a literal; names of constants in other languages count, others are text."""
    if depth > 90:
        raise ValueError("nested too deeply")
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, (str, int, float)):
            return _held(value)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return [_plain(item, depth + 1) for item in items]
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {str(_plain(key, depth + 1)): _plain(value, depth + 1) for key, value in pairs if key}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = _plain(operand, depth + 1)
            if isinstance(number, (int, float)) and not isinstance(number, bool):
                return _held(-number)
        case ast.Name(id=name) if name.lower() in _LITERAL_NAMES:
            return _LITERAL_NAMES[name.lower()]
    raise ValueError("no literal")


def _held(value: Leaf) -> Leaf:
    """Give a literal's value if JSON can hold it, as all that follows writes it; else raise ValueError."""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise ValueError("a number beyond 64 bits")
    if isinstance(value, str):
        value.encode()  # not for a half of a surrogate pair: that error is a ValueError
    return value


@dataclass(slots=True)
class _Scanner:
    """Walks over bracket-call text; names may hold blanks, dots and slashes."""

    text: str
    at: int = 0

    def until(self, stops: str) -> str:
        """Give the text up to a stop outside strings and brackets, and stay before it."""
        start, closers = self.at, list[str]()
        while self.at < len(self.text):
            mark = self.text[self.at]
            if mark in "\"'" and self._opens(start):
                self._skip_string(mark)
                continue
            if not closers and mark in stops:
                break
            if mark in "([{":
                closers.append({"(": ")", "[": "]", "{": "}"}[mark])
            elif closers and mark == closers[-1]:
                closers.pop()
            self.at += 1
        return self.text[start : self.at]

    def _opens(self, start: int) -> bool:
        """An apostrophe inside a word opens no string."""
        before = self.text[start : self.at].rstrip()
        return not before or before[-1] in "=([{,:"

    def _skip_string(self, quote: str) -> None:
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != quote:
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at += 1


def bracket_calls(text: str, names: Sequence[str] = ()) -> tuple[RecordedCall, ...] | None:
    """Read ``[Tool Name(key="v", other=1), Second/Tool()]``; None if the text is something else.

    ``names`` are the declared tools: a name that itself holds brackets can only be read by knowing it.
    """
    stripped = text.strip()
    if not (stripped.startswith("[") and stripped.endswith("]") and "(" in stripped):
        return None
    known = sorted((name for name in names if stripped.find(name) >= 0), key=len, reverse=True)
    return tuple(_bracketed(stripped[1:-1], known)) or None if _looks_like_calls(stripped[1:-1]) else None


def _looks_like_calls(inner: str) -> bool:
    head = inner.lstrip()
    return bool(head) and head[0] not in "{[\"'" and inner.rstrip().endswith(")")


def _bracketed(inner: str, known: Sequence[str]) -> Iterator[RecordedCall]:
    scanner = _Scanner(inner)
    while scanner.at < len(inner):
        start = scanner.at
        name = next((n for n in known if inner.startswith(f"{n}(", start)), None)
        if name is None:
            scanner.at = inner.find("(", start)
            if scanner.at < 0:
                return
            name = inner[start : scanner.at].strip()
        else:
            scanner.at = start + len(name)
        scanner.at += 1
        body_start = scanner.at
        arguments = _keywords(scanner)
        body = inner[body_start : scanner.at]
        scanner.at += 1
        if arguments is None:
            yield RecordedCall(name=name or "?", arguments=None, raw=body)
        else:
            yield RecordedCall(name=name or "?", arguments=arguments)
        while scanner.at < len(inner) and inner[scanner.at] in ", \n\t":
            scanner.at += 1


def _keywords(scanner: _Scanner) -> JsonObject | None:
    arguments: dict[str, JsonValue] = {}
    broken = False
    while scanner.at < len(scanner.text) and scanner.text[scanner.at] != ")":
        piece = scanner.until(",)")
        key, equals, written = piece.partition("=")
        if equals:
            arguments[key.strip().strip("\"'")] = _keyword_value(written.strip())
        elif piece.strip():
            broken = True
        if scanner.at < len(scanner.text) and scanner.text[scanner.at] == ",":
            scanner.at += 1
    return None if broken or scanner.at >= len(scanner.text) else arguments


def _keyword_value(written: str) -> JsonValue:
    try:
        return loose_value(written)
    except NotJsonError:
        return written


def write_bracket_calls(calls: Sequence[RecordedCall]) -> str:
    """Write calls as ``bracket_calls`` reads them; values as JSON."""
    return f"[{', '.join(_written(call) for call in calls)}]"


def _written(call: RecordedCall) -> str:
    if call.arguments is None:
        return f"{call.name}({call.raw or ''})"
    return f"{call.name}({', '.join(f'{key}={dump_json(value)}' for key, value in call.arguments.items())})"
