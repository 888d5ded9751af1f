"""Plan a dialogue by walking: execute tools, and let what they return lead to the next call.

Ours, not the paper's: the paper lets a model write the plan, the calls and the results together.  Here a
goal is drawn, what it needs is resolved backwards (told by the user, found in an earlier result, or fetched
by another call first), and every call on the way is executed at once, so a plan never holds a call that
cannot run.  It asks no model.
"""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sandbox import Call, Pack, Returned, Snapshot, Step, ToolSpec
from toolace_mt.dialogue import ToolCall
from toolace_mt.phrases import slots_of
from toolace_mt.plan import Choice, Plan, Said, SubTask
from toolace_mt.planners.parameters import Parameter, parameters_of
from toolace_mt.planners.sources import (
    Row,
    choices_by_schema,
    clause_of,
    rows_at,
    rows_of_world,
    selectors_for,
)
from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["Execute", "PlanError", "walk"]

Execute = Callable[[Snapshot, Call], Awaitable[Step]]

_MOST_CALLS: Final = 6  # per sub-task, as in the paper
_MOST_DEPTH: Final = 4
_TRIES_PER_SUB_TASK: Final = 16
_MOST_ALTERNATIVES: Final = 6
_SUB_TASKS: Final = ((2, 35), (3, 35), (4, 20), (5, 10))  # the paper: 2 to 5; the weights are ours


class PlanError(Exception):
    """No dialogue of at least two sub-tasks could be walked in this world."""


class _DeadEndError(Exception):
    """This try leads nowhere; another draw may."""


@dataclass(frozen=True, slots=True, eq=False)
class _Output:
    """What a call of this dialogue returned."""

    tool: str
    value: JsonValue
    found: dict[str, tuple[Row, ...]] = field(default_factory=dict)

    def rows(self, path: str) -> tuple[Row, ...]:
        """The rows at a path, which several parameters may ask for."""
        if path not in self.found:
            self.found[path] = rows_at(self.value, path)
        return self.found[path]


@dataclass(slots=True)
class _Walk:
    """One sub-task in the making; the next try starts from a copy."""

    at: Snapshot
    outputs: list[_Output]
    told: dict[str, JsonValue]
    calls: list[ToolCall] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)  # beside the calls
    said: dict[str, Said] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    begun_with: int = 0  # outputs of earlier sub-tasks
    since_write: tuple[ToolCall, ...] = ()  # over all sub-tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What stays the same while a dialogue is planned."""

    pack: Pack
    execute: Execute
    chance: random.Random
    persona: JsonObject
    persona_key: str


async def walk(pack: Pack, start: Snapshot, chance: random.Random, execute: Execute) -> Plan:
    """Plan two to five sub-tasks for one person of the world at ``start``.

    Raises ``PlanError`` when the world offers no two goals that can be reached.
    """
    key, persona = _persona(pack, start.state, chance)
    scene = _Scene(pack=pack, execute=execute, chance=chance, persona=persona, persona_key=key)
    wanted = chance.choices([n for n, _ in _SUB_TASKS], [weight for _, weight in _SUB_TASKS])[0]
    so_far = _Walk(at=start, outputs=[], told={})
    sub_tasks: list[SubTask] = []
    goals = [tool for tool in pack.tools if tool.goal] or list(pack.tools)
    for _ in range(wanted * _TRIES_PER_SUB_TASK):
        used = {task.goal for task in sub_tasks}
        open_goals = _open_goals(pack, goals, used)
        if len(sub_tasks) == wanted or not open_goals:
            break
        goal = chance.choices(open_goals, [3 if tool.effect == "write" else 2 for tool in open_goals])[0]
        attempt = _copy(so_far)
        try:
            task = await _sub_task(scene, goal, attempt)
        except _DeadEndError:
            continue
        sub_tasks.append(task)
        so_far = attempt
    if len(sub_tasks) < 2:
        raise PlanError(f"pack {pack.name}, world {start.world}: fewer than two goals can be reached")
    return Plan(world=start.world, sub_tasks=tuple(sub_tasks), persona=persona)


def _open_goals(pack: Pack, goals: Sequence[ToolSpec], used: set[str]) -> list[ToolSpec]:
    """Of packs that are joined, those without a sub-task come first, once there is one."""
    unused = [tool for tool in goals if tool.name not in used]
    parts = [{tool.name for tool in part.tools} for part in pack.parts]
    waiting = set[str]().union(*(names for names in parts if used.isdisjoint(names)))
    return [tool for tool in unused if used and tool.name in waiting] or unused


def _persona(pack: Pack, state: JsonObject, chance: random.Random) -> tuple[str, JsonObject]:
    table = state.get(pack.persona) if pack.persona else None
    if not isinstance(table, Mapping) or not table:
        return "", {}
    key = chance.choice(sorted(table))
    row = table[key]
    return key, row if isinstance(row, Mapping) else {}


def _copy(walk: _Walk) -> _Walk:
    return replace(
        walk,
        outputs=list(walk.outputs),
        told=dict(walk.told),
        calls=[],
        steps=[],
        said={},
        choices={},
        begun_with=len(walk.outputs),
    )


async def _sub_task(scene: _Scene, goal: ToolSpec, walk: _Walk) -> SubTask:
    arguments = await _arguments(scene, goal, walk, depth=0)
    for check in goal.checks:
        await _check_first(scene, check, arguments, walk)
    await _call(scene, goal, arguments, walk)
    # A value that only a result shows is not for the user to name.
    told = {said.parameter for said in walk.said.values() if arguments.get(said.parameter) == said.value}
    asks = tuple(ask for ask in goal.ask if slots_of(ask) <= told)
    return SubTask(
        goal=goal.name,
        description=goal.description,
        asks=asks,
        calls=tuple(walk.calls),
        steps=tuple(walk.steps),
        said=tuple(walk.said.values()),
        choices=tuple(walk.choices.values()),
        tell=goal.tell,
    )


async def _check_first(scene: _Scene, name: str, arguments: JsonObject, walk: _Walk) -> None:
    tool = _tool(scene.pack, name)
    if tool is None or scene.chance.random() < 0.4:
        return
    required = [parameter.name for parameter in parameters_of(tool) if parameter.is_required]
    needed = {name: arguments[name] for name in required if name in arguments}
    already = any(call.name == name and call.arguments == needed for call in walk.calls)
    if len(needed) == len(required) and not already:
        await _call(scene, tool, needed, walk)


async def _call(scene: _Scene, tool: ToolSpec, arguments: JsonObject, walk: _Walk) -> None:
    if len(walk.calls) >= _MOST_CALLS:
        raise _DeadEndError
    call = ToolCall(name=tool.name, arguments=arguments)
    if call in walk.since_write:  # nothing has changed: its result would be the same
        raise _DeadEndError
    step = await scene.execute(walk.at, Call(name=tool.name, arguments=arguments))
    if not isinstance(step.outcome, Returned) or step.snapshot is None:
        raise _DeadEndError
    walk.at = step.snapshot
    walk.calls.append(call)
    walk.steps.append(step)
    walk.since_write = (*walk.since_write, call) if tool.effect == "read" else (call,)
    walk.outputs.append(_Output(tool.name, step.outcome.value))


async def _arguments(scene: _Scene, tool: ToolSpec, walk: _Walk, *, depth: int) -> JsonObject:
    chosen: dict[str, JsonValue] = {}
    bound: dict[str, JsonObject] = {}
    for parameter in parameters_of(tool):
        if not parameter.is_required and scene.chance.random() < 0.6:
            continue
        try:
            value = await _value(scene, parameter, walk, bound, depth=depth)
        except _DeadEndError:
            if not parameter.is_required:
                continue
            raise
        if chosen.get(parameter.differs_from) == value:
            raise _DeadEndError
        chosen[parameter.name] = value
    return chosen


async def _value(
    scene: _Scene, parameter: Parameter, walk: _Walk, bound: dict[str, JsonObject], *, depth: int
) -> JsonValue:
    name, schema, sources = parameter.name, parameter.schema, parameter.sources
    if not sources:
        return _chosen(scene, name, schema, walk)
    known = [entry for entry in sources if "tool" in entry and _latest(walk, entry) is not None]
    # What needs no naming, such as who the user is, is asked for once in a dialogue.
    if known and ("select" not in known[0] or scene.chance.random() < 0.6):
        return _from_output(scene, name, schema, scene.chance.choice(known), walk)
    # The first entry is the way that the pack's author finds natural.
    entry = sources[0] if scene.chance.random() < 0.7 else scene.chance.choice(sources)
    if "world" in entry:
        return _from_world(scene, name, schema, entry, walk, bound)
    if _latest(walk, entry) is None:
        await _fetch(scene, str(entry["tool"]), walk, depth=depth + 1)
    return _from_output(scene, name, schema, entry, walk)


async def _fetch(scene: _Scene, name: str, walk: _Walk, *, depth: int) -> None:
    tool = _tool(scene.pack, name)
    if tool is None or depth > _MOST_DEPTH or tool.effect != "read":
        raise _DeadEndError
    await _call(scene, tool, await _arguments(scene, tool, walk, depth=depth), walk)


def _tool(pack: Pack, name: str) -> ToolSpec | None:
    return next((tool for tool in pack.tools if tool.name == name), None)


def _latest(walk: _Walk, entry: JsonObject) -> _Output | None:
    for output in reversed(walk.outputs):
        if output.tool == entry["tool"] and output.rows(str(entry["path"])):
            return output
    return None


def _from_output(scene: _Scene, name: str, schema: JsonObject, entry: JsonObject, walk: _Walk) -> JsonValue:
    output = _latest(walk, entry)
    if output is None:
        raise _DeadEndError
    rows = output.rows(str(entry["path"]))
    distinct = list({json.dumps(row.value): row for row in rows}.values())
    place = walk.outputs.index(output)
    is_fresh = place >= walk.begun_with
    is_in_view = is_fresh or place == len(walk.outputs) - 1
    if len(distinct) == 1 and (is_fresh or "select" not in entry):
        return _shaped(schema, distinct[0].value)
    selectors = [
        selector
        for selector in selectors_for(distinct, entry.get("select"))
        if is_in_view or not selector.compares
    ]
    if not selectors:
        raise _DeadEndError
    selector = scene.chance.choice(selectors)
    walk.choices[_named(name, selector.row.value)] = Choice(parameter=name, phrase=selector.phrase)
    return _shaped(schema, selector.row.value)


def _from_world(
    scene: _Scene, name: str, schema: JsonObject, entry: JsonObject, walk: _Walk, bound: dict[str, JsonObject]
) -> JsonValue:
    table = str(entry["world"]).split(".", 1)[0]
    rows: tuple[Row, ...] = rows_of_world(
        walk.at.state,
        entry,
        persona_table=scene.pack.persona,
        persona=_current_persona(scene, walk),
        persona_key=scene.persona_key,
    )
    offered = tuple(row for row in rows if table not in bound or row.record == bound[table])
    if not offered:
        raise _DeadEndError
    row = scene.chance.choice(offered)
    bound[table] = row.record
    others = tuple(dict.fromkeys(other.value for other in rows if other.value != row.value))
    # A person introduces themselves once, but names the thing they talk about each time.
    if table != scene.pack.persona or walk.told.get(name) != row.value:
        _tell(name, schema, row.value, others, walk)
    return _shaped(schema, row.value)


def _current_persona(scene: _Scene, walk: _Walk) -> JsonObject:
    table = walk.at.state.get(scene.pack.persona) if scene.pack.persona else None
    row = table.get(scene.persona_key) if isinstance(table, Mapping) else None
    return row if isinstance(row, Mapping) else {}


def _chosen(scene: _Scene, name: str, schema: JsonObject, walk: _Walk) -> JsonValue:
    offered = choices_by_schema(schema)
    if not offered:
        raise _DeadEndError
    value = scene.chance.choice(offered)
    _tell(name, schema, value, (), walk)
    return value


def _tell(
    name: str, schema: JsonObject, value: JsonValue, others: tuple[JsonValue, ...], walk: _Walk
) -> None:
    question = schema.get("x-question")
    walk.told[name] = value
    walk.said[_named(name, value)] = Said(
        parameter=name,
        value=value,
        clause=clause_of(name, schema),
        question=question if isinstance(question, str) else None,
        alternatives=others[:_MOST_ALTERNATIVES],
    )


def _named(name: str, value: JsonValue) -> str:
    """A key for a parameter's value: two tools of a chain may call different things by one name."""
    return f"{name}={json.dumps(value)}"


def _shaped(schema: JsonObject, value: JsonValue) -> JsonValue:
    return [value] if schema.get("type") == "array" else value
