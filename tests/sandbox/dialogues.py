"""Random dialogues of a pack, likely ones: arguments from example tasks, from the worlds and from nowhere."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox import Call, Pack

__all__ = ["drawn_dialogues"]


def drawn_dialogues(
    pack: Pack, chance: random.Random, *, dialogues: int
) -> Iterator[tuple[str, tuple[Call, ...]]]:
    """Yield worlds and calls: the example tasks, then mixtures of them with each argument drawn anew."""
    for task in pack.tasks:
        yield task.world, task.calls
    values = _values(pack)
    for _ in range(dialogues):
        calls = []
        for _ in range(chance.randint(1, 8)):
            tool = chance.choice(pack.tools)
            examples = [call for task in pack.tasks for call in task.calls if call.name == tool.name]
            example = dict(chance.choice(examples).arguments) if examples else {}
            properties: Mapping[str, Any] = tool.parameters.get("properties", {})  # type: ignore[assignment]
            for parameter in properties:
                if parameter not in example or not chance.randint(0, 2):
                    example[parameter] = _drawn(parameter, properties[parameter], values, chance)
            calls.append(Call(name=tool.name, arguments=example))
        yield chance.choice(sorted(pack.worlds)), tuple(calls)


def _drawn(
    name: str, schema: Mapping[str, Any], values: Mapping[str, list[Any]], chance: random.Random
) -> Any:
    known = [*schema.get("enum", ()), *values.get(name, ())]
    if known and chance.randint(0, 9):
        return chance.choice(known)
    return chance.choice([0, 1, 2, "x", "2026-03-14", [], None])


def _values(pack: Pack) -> dict[str, list[Any]]:
    """List by field what the worlds and the example tasks hold."""
    found: dict[str, list[Any]] = {}
    stack: list[Any] = [
        *pack.worlds.values(),
        *(call.arguments for task in pack.tasks for call in task.calls),
    ]
    while stack:
        part = stack.pop()
        if isinstance(part, Mapping):
            for key, value in part.items():
                if isinstance(value, (str, int, list)):
                    found.setdefault(key, []).append(value)
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    return found
