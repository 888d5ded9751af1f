"""Tool packs: a folder of tools, worlds and rules, read, checked for form and frozen."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sandbox.errors import PackError, PolicyViolation, UnknownWorld
from sandbox.packs.files import content_digest, pack_folder, read_files, shipped_packs
from sandbox.packs.invariants import Invariant
from sandbox.packs.manifest import YamlError, read_yaml
from sandbox.packs.pins import pinned_digests
from sandbox.schema import compile_schema, without_hints
from sandbox.state.plain import plain_json_problem
from sandbox.types import Call, JsonObject, JsonValue

__all__ = ["Invariant", "Pack", "Task", "ToolSpec", "pack_folder", "shipped_packs"]

TOOL_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
# what could move a terminal's cursor, or make a text look like another
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
NOT_IN_DECLARATION = ("returns", "effect", "touches", "errors", "goal", "checks", "ask", "tell")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _no_control_characters(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for key, part in value.items():
                for text in (key, *(part if isinstance(part, (list, tuple)) else (part,))):
                    if isinstance(text, str) and CONTROL.search(text):
                        raise ValueError(f"{str(key)[:40]!r} holds a control character; take it out")
        return value


class _Manifest(_Strict):
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")
    version: str
    licence: str
    description: str
    clock: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
    persona: str | None = None
    invariants: tuple[Invariant, ...] = ()
    mock: Literal["schema-true", "recorded"] | None = None

    @field_validator("clock")
    @classmethod
    def _a_real_time(cls, value: str) -> str:
        dt.datetime.fromisoformat(value)
        return value


class _Function(_Strict):
    name: str
    description: str
    parameters: dict[str, Any]
    strict: bool | None = None


class _ToolEntry(_Strict):
    type: Literal["function"] = "function"
    function: _Function
    returns: dict[str, Any]
    effect: Literal["read", "write"]
    touches: tuple[str, ...]
    errors: dict[str, str] = {}
    goal: bool = False
    checks: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    tell: str | dict[str, Any] | None = None


class _TaskCall(_Strict):
    name: str
    arguments: dict[str, Any] = {}


class _TaskEntry(_Strict):
    world: str
    ask: str = ""
    calls: tuple[_TaskCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """One tool's contract.  ``parameters`` holds the pack's own ``x-`` hints; ``declaration`` does not."""

    name: str
    description: str
    parameters: JsonObject
    returns: JsonObject
    effect: Literal["read", "write"]
    touches: tuple[str, ...]
    errors: Mapping[str, str]
    goal: bool = False
    checks: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    tell: str | JsonObject | None = None

    @property
    def declaration(self) -> dict[str, Any]:
        """The OpenAI function definition that models and data sets see."""
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": without_hints(self.parameters),
        }
        return {"type": "function", "function": function}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An example task: what a user wants, and the calls that do it, none of which fails."""

    world: str
    ask: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A tool pack.  ``source`` is untrusted code: only a confined worker ever parses or runs it.

    ``mock`` says that the tools only pretend: results that fit their schemas, or were recorded.
    ``parts`` are the packs that this one joins (see ``join_packs``); it has no source of its own then.
    """

    name: str
    version: str
    licence: str
    description: str
    clock: str
    persona: str | None
    invariants: tuple[Invariant, ...]
    mock: Literal["schema-true", "recorded"] | None = None
    tools: tuple[ToolSpec, ...]
    worlds: Mapping[str, JsonObject]
    state_schema: JsonObject
    policy: str | None
    tasks: tuple[Task, ...]
    source: str
    digest: str
    path: Path
    parts: tuple[Pack, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The code of each of its parts, or its own."""
        return tuple(part.source for part in self.parts) or (self.source,)

    @property
    def digests(self) -> frozenset[str]:
        """The digests of the folders that it was read from."""
        return frozenset(part.digest for part in self.parts) or frozenset({self.digest})

    def tool(self, name: str) -> ToolSpec:
        """Give a tool by name.  Raises ``PackError`` if there is none."""
        for tool in self.tools:
            if tool.name == name:
                return tool
        known = ", ".join(tool.name for tool in self.tools)
        raise PackError(f"pack {self.name} has no tool {name!r}; it has {known}")

    def world(self, name: str) -> JsonObject:
        """Give a world's initial state.  Raises ``UnknownWorld`` if there is none."""
        if name not in self.worlds:
            raise UnknownWorld(f"pack {self.name} has no world {name!r}; it has {', '.join(self.worlds)}")
        return self.worlds[name]


def read_pack(name_or_path: str | Path) -> Pack:
    """Read a pack by its shipped name or its folder's path.

    Everything but the code is parsed and linted here, save that a pinned pack's schemas were linted before
    it was pinned; the code is only read.  Raises ``PackError`` or ``PolicyViolation``, in one line that names
    the file.
    """
    folder = pack_folder(name_or_path).resolve()
    files = read_files(folder)
    digest = content_digest(files)
    is_pinned = digest in pinned_digests()
    manifest = _parse_manifest(folder, files["pack.yaml"])
    tools = _parse_tools(folder, files["tools.json"], is_linted=is_pinned)
    worlds = {
        name.removeprefix("worlds/").removesuffix(".json"): _parse_world(folder / name, content)
        for name, content in files.items()
        if name.startswith("worlds/")
    }
    if not worlds:
        raise PackError(f"{folder}/worlds: no world; add worlds/NAME.json")
    state_schema = _parse_json(folder / "state.schema.json", files["state.schema.json"])
    if not is_pinned:
        compile_schema(state_schema, where=f"{folder.name}/state.schema.json")
    policy = files.get("policy.md")
    return Pack(
        **{name: getattr(manifest, name) for name in type(manifest).model_fields},
        tools=tools,
        worlds=MappingProxyType(worlds),
        state_schema=state_schema,
        policy=_text(folder / "policy.md", policy).strip() if policy is not None else None,
        tasks=_parse_tasks(folder / "tasks.jsonl", files.get("tasks.jsonl", b"")),
        source=_text(folder / "tools.py", files["tools.py"]),
        digest=digest,
        path=folder,
    )


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise PackError(f"{path}: not UTF-8 at byte {error.start}") from None


def _parse_json(path: Path, content: bytes) -> Any:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise PackError(f"{path} line {error.lineno}: not JSON: {error.msg}") from None
    try:
        json.loads(content, object_pairs_hook=_no_key_twice, parse_int=_not_too_large)
    except ValueError as error:
        raise PackError(f"{path}: {error}") from None
    except RecursionError:
        raise PackError(f"{path}: nested too deeply; make it flatter") from None
    return value


def _no_key_twice(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key {twice[:60]!r} stands twice in one object")


def _not_too_large(digits: str) -> int:
    number = int(digits[:40])
    if not -(2**63) <= number < 2**64:
        raise ValueError(f"the number {digits[:40]} has more than 64 bits")
    return 0


def _parse_manifest(folder: Path, content: bytes) -> _Manifest:
    path = folder / "pack.yaml"
    try:
        manifest = _Manifest.model_validate(read_yaml(_text(path, content)))
    except YamlError as error:
        raise PackError(f"{path}: not YAML: {error}") from None
    except ValidationError as error:
        raise PackError(f"{path}: {_first_error(error)}") from None
    if manifest.name != folder.name:
        raise PackError(f"{path}: the name {manifest.name!r} differs from the folder's, {folder.name!r}")
    return manifest


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _parse_tools(folder: Path, content: bytes, *, is_linted: bool) -> tuple[ToolSpec, ...]:
    path = folder / "tools.json"
    entries = _parse_json(path, content)
    if not isinstance(entries, list) or not entries:
        raise PackError(f"{path}: must be a list of at least one tool")
    tools = tuple(
        _parse_tool(path, number, entry, is_linted=is_linted) for number, entry in enumerate(entries)
    )
    names = [tool.name for tool in tools]
    for name in names:
        if names.count(name) > 1:
            raise PackError(f"{path}: the tool {name} is there twice")
    return tools


def _parse_tool(path: Path, number: int, entry: JsonValue, *, is_linted: bool) -> ToolSpec:
    try:
        parsed = _ToolEntry.model_validate(entry)
    except ValidationError as error:
        raise PackError(f"{path}: tool {number}: {_first_error(error)}") from None
    function = parsed.function
    if not TOOL_NAME.fullmatch(function.name):
        raise PackError(
            f"{path}: tool {number}: {function.name!r} is no tool name; use small letters, digits and _"
        )
    try:
        for which, schema in (("parameters", function.parameters), ("returns", parsed.returns)):
            if not is_linted:
                compile_schema(schema, where=f"{function.name}.{which}")
    except PolicyViolation as error:
        raise PolicyViolation(f"{path}: {error}") from None
    if function.parameters.get("type") != "object":
        raise PackError(f"{path}: {function.name}.parameters: its type must be object")
    rest = {name: getattr(parsed, name) for name in NOT_IN_DECLARATION}
    return ToolSpec(
        name=function.name, description=function.description, parameters=function.parameters, **rest
    )


def _parse_world(path: Path, content: bytes) -> JsonObject:
    state = _parse_json(path, content)
    if not isinstance(state, dict):
        raise PackError(f"{path}: a world is an object of tables")
    problem = plain_json_problem(state, max_nodes=1_000_000)
    if problem is not None:
        raise PackError(f"{path}: {problem}")
    return state


def _parse_tasks(path: Path, content: bytes) -> tuple[Task, ...]:
    tasks = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = _TaskEntry.model_validate(orjson.loads(line))
            calls = tuple(Call(name=call.name, arguments=call.arguments) for call in entry.calls)
        except orjson.JSONDecodeError as error:
            raise PackError(f"{path} line {number}: not JSON: {error.msg}") from None
        except ValidationError as error:
            raise PackError(f"{path} line {number}: {_first_error(error)}") from None
        tasks.append(Task(world=entry.world, ask=entry.ask, calls=calls))
    return tuple(tasks)
