"""Makes a pack's folder of foreign tools, with a mock in the place of the code that nobody gave."""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml

from sandbox.errors import ImportFailed, PackError
from sandbox.importers.cleaning import Cleaner
from sandbox.importers.foreign import ForeignTool, ForeignTools, parameter_name, tool_name
from sandbox.importers.mocking import answer_for, echoed, function_source
from sandbox.language.policy import MAX_NODES, MAX_SOURCE
from sandbox.packs.reading import CONTROL, Pack, read_pack
from sandbox.schema import compile_schema

__all__ = ["ImportedPack", "write_pack"]

CLOCK = "2026-03-02T09:00:00Z"
LONGEST_DESCRIPTION = 2_000
PACK_NAME = re.compile(r"[a-z][a-z0-9-]*")
_INDENT = orjson.OPT_INDENT_2


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPack:
    """A pack that was written, and notes on what was left out or changed."""

    pack: Pack
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """One tool of the pack to be."""

    entry: dict[str, Any]
    row: dict[str, Any]
    source: str
    notes: tuple[str, ...]


def write_pack(foreign: ForeignTools, folder: str | Path) -> ImportedPack:
    """Write the tools as a pack into a folder that is new or empty; give it opened.

    The results are made up, or recorded where the source has recordings; ``mock`` in pack.yaml says so.
    Raises ``ImportFailed`` if no tool can be used, or the folder cannot be written.
    """
    target = Path(folder)
    if not PACK_NAME.fullmatch(target.resolve().name):
        raise ImportFailed(f"{target}: a pack's folder is named with small letters, digits and -")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ImportFailed(f"{target}: is there already; give a new folder, or remove it first")
    made, notes = _made_tools(foreign)
    if not made:
        why = f": {notes[0]}" if notes else ""
        raise ImportFailed(f"{foreign.source}: there is no tool that can be imported{why}")
    try:
        _write(target, _files(target.resolve().name, foreign, made))
    except OSError as error:
        raise ImportFailed(f"{target}: cannot be written: {error.strerror}") from None
    try:
        return ImportedPack(pack=read_pack(target), notes=(*foreign.notes, *notes))
    except PackError as error:
        shutil.rmtree(target)
        raise ImportFailed(f"{foreign.source}: makes no pack that can be read: {error}") from None


def _made_tools(foreign: ForeignTools) -> tuple[list[_Made], list[str]]:
    cleaner = Cleaner(foreign.root)
    named: dict[str, ForeignTool] = {}
    for tool in foreign.tools:
        named[_free_name(tool_name(tool.name), named)] = tool
    made: list[_Made] = []
    notes: list[str] = []
    for name, tool in named.items():
        if name != tool.name:
            notes.append(f"the tool {tool.name} is called {name} here")
        try:
            own = Cleaner(tool.parameters) if foreign.root is None else cleaner
            made.append(_made(name, tool, own, functions=named.keys()))
        except ImportFailed as error:
            notes.append(f"the tool {tool.name} is left out: {error}")
            continue
        notes += made[-1].notes
    fitting = _that_fit(made)
    if len(fitting) < len(made):
        notes.append(
            f"{len(made) - len(fitting)} tools are left out, from {made[len(fitting)].row['tool']} on: "
            f"the code of all is longer than a pack may have"
        )
    return fitting, notes


def _that_fit(made: list[_Made]) -> list[_Made]:
    """Give the first tools whose code is together no more than the policy allows."""
    characters = parts = 500  # the head
    for number, tool in enumerate(made):
        characters += len(tool.source) + 2
        parts += sum(1 for _ in ast.walk(ast.parse(tool.source)))
        if characters > MAX_SOURCE or parts > MAX_NODES:
            return made[:number]
    return made


def _free_name(name: str, taken: Container[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name[:60]}_{number}", number + 1
    return free


def _made(name: str, tool: ForeignTool, cleaner: Cleaner, functions: Collection[str]) -> _Made:
    notes: list[str] = []
    parameters, spelled = _parameters(name, tool, cleaner, functions, notes)
    try:
        returns = cleaner.clean(tool.returns, without="writeOnly")
    except ImportFailed as error:
        returns = {}
        notes.append(f"{name}: what it returns is not described: {error}")
    try:
        value = answer_for(returns, tool.answers, name)
    except ValueError as error:
        returns, value = {}, None
        notes.append(f"{name}: what it returns is not described: {error}")
    recordings = _recordings(tool, returns, parameters, spelled)
    function = {
        "name": name,
        "description": _printable(tool.description)[:LONGEST_DESCRIPTION] or f"{name}.",
        "parameters": parameters,
    }
    return _Made(
        entry={
            "type": "function",
            "function": function,
            "returns": returns,
            "effect": tool.effect,
            "touches": ["answers"],
            "errors": {},
        },
        row={"tool": name, "value": value, **({"recordings": recordings} if recordings else {})},
        source=function_source(
            name, parameters, repeats=echoed(parameters, returns), recorded=bool(recordings)
        ),
        notes=tuple(notes),
    )


def _parameters(
    name: str, tool: ForeignTool, cleaner: Cleaner, functions: Collection[str], notes: list[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    given = cleaner.resolved(tool.parameters)
    properties: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    for foreign, schema in (given.get("properties") or {}).items():
        spelled[foreign] = _free_name(parameter_name(str(foreign)), {*properties, *functions})
        properties[spelled[foreign]] = cleaner.clean(schema, without="readOnly")
        if spelled[foreign] != foreign:
            notes.append(f"{name}: the parameter {foreign} is called {spelled[foreign]} here")
    listed = [part for part in given.get("required") or () if part in spelled]
    parameters = {
        "type": "object",
        "properties": properties,
        "required": [spelled[part] for part in dict.fromkeys(listed)],
        "additionalProperties": False,
    }
    return parameters, spelled


def _recordings(
    tool: ForeignTool, returns: Any, parameters: Mapping[str, Any], spelled: Mapping[str, str]
) -> list[dict[str, Any]]:
    fits = compile_schema(returns).fits
    absent = dict.fromkeys(parameters["properties"])
    return [
        {
            "arguments": absent | {spelled.get(key, key): part for key, part in recording.arguments.items()},
            "value": recording.value,
        }
        for recording in tool.recordings
        if fits(recording.value)
    ]


def _files(name: str, foreign: ForeignTools, made: list[_Made]) -> dict[str, bytes]:
    recorded = any("recordings" in tool.row for tool in made)
    how = "recorded" if recorded else "made up to fit their schemas"
    manifest = {
        "name": name,
        "version": _printable(foreign.version),
        "licence": _printable(foreign.licence),
        "description": " ".join(
            _printable(f"{foreign.title}, imported from {foreign.source}; the answers are {how}.").split()
        ),
        "clock": CLOCK,
        "mock": "recorded" if recorded else "schema-true",
    }
    answers = {"answers": {tool.row["tool"]: tool.row for tool in made}}
    schema = {
        "type": "object",
        "properties": {"answers": {"type": "object", "additionalProperties": {"type": "object"}}},
        "required": ["answers"],
        "additionalProperties": False,
    }
    head = f'"""Answers that are {how}: nothing is computed here."""\n'
    return {
        "pack.yaml": yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=1000).encode(),
        "tools.json": orjson.dumps([tool.entry for tool in made], option=_INDENT),
        "tools.py": "\n\n".join([head, *(tool.source for tool in made)]).encode(),
        "state.schema.json": orjson.dumps(schema, option=_INDENT),
        "worlds/mock.json": orjson.dumps(answers, option=_INDENT),
    }


def _printable(text: str) -> str:
    """Give a stranger's words without what a pack may not hold."""
    return CONTROL.sub(" ", text)


def _write(target: Path, files: Mapping[str, bytes]) -> None:
    """Write all files beside the target and move them there at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".import-", dir=target.parent))
    try:
        for name, content in files.items():
            (beside / name).parent.mkdir(exist_ok=True)
            (beside / name).write_bytes(content)
        if target.exists():
            target.rmdir()
        beside.chmod(0o755)
        beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
