"""Makes a failing example short: fewer calls first, then a plain world, then smaller arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sandbox.reports import CounterExample
from sandbox.types import Call, JsonValue

__all__ = ["shrink"]

AT_ONCE = 16
MAX_TRIALS = 3_000
Breaks = Callable[[Sequence[CounterExample]], Sequence[bool]]


def shrink(example: CounterExample, breaks: Breaks, *, worlds: Sequence[str]) -> CounterExample:
    """Give the smallest example found that still breaks.

    ``breaks`` judges several examples at once; it must refuse those whose arguments do not fit.
    """
    left = MAX_TRIALS
    while left > 0:
        for simpler in _simpler(example, worlds):
            trials = list(simpler)
            left -= len(trials)
            found = next((trial for trial, broke in zip(trials, breaks(trials), strict=True) if broke), None)
            if found is not None:
                example = found
                break
        else:
            return example
    return example


def _simpler(example: CounterExample, worlds: Sequence[str]) -> Iterator[Iterator[CounterExample]]:
    moves = (_fewer_calls(example), _plainer_world(example, worlds), _smaller_arguments(example))
    for move in moves:
        while chunk := list(islice(move, AT_ONCE)):
            yield iter(chunk)


def _fewer_calls(example: CounterExample) -> Iterator[CounterExample]:
    """Leave out runs of calls, long runs first; the last call stays, for it breaks the law."""
    before = len(example.calls) - 1
    for length in range(before, 0, -1):
        for start in range(before - length + 1):
            calls = example.calls[:start] + example.calls[start + length :]
            yield dataclasses.replace(example, calls=calls)


def _plainer_world(example: CounterExample, worlds: Sequence[str]) -> Iterator[CounterExample]:
    if example.changes:
        yield dataclasses.replace(example, changes={})
    if len(example.changes) > 1:
        for path in example.changes:
            changes = {other: value for other, value in example.changes.items() if other != path}
            yield dataclasses.replace(example, changes=changes)
    for world in worlds[: worlds.index(example.world)] if not example.changes else ():
        yield dataclasses.replace(example, world=world)


def _smaller_arguments(example: CounterExample) -> Iterator[CounterExample]:
    """Make one argument smaller, in every call that has the same one: laws often speak of two equal calls."""
    seen = []
    for call in example.calls:
        for name, value in call.arguments.items():
            if (name, value) in seen:
                continue
            seen.append((name, value))
            yield _without(example, name, value)
            for smaller in _smaller(value):
                yield _with(example, name, value, smaller)


def _without(example: CounterExample, name: str, value: JsonValue) -> CounterExample:
    def drop(arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        return {key: part for key, part in arguments.items() if key != name or part != value}

    return _mapped(example, drop)


def _with(example: CounterExample, name: str, old: JsonValue, new: JsonValue) -> CounterExample:
    def put(arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        return {key: new if key == name and part == old else part for key, part in arguments.items()}

    return _mapped(example, put)


def _mapped(
    example: CounterExample, change: Callable[[Mapping[str, JsonValue]], dict[str, JsonValue]]
) -> CounterExample:
    calls = tuple(Call(name=call.name, arguments=change(call.arguments)) for call in example.calls)
    return dataclasses.replace(example, calls=calls)


def _smaller(value: Any) -> Iterator[Any]:
    """Yield simpler values, the simplest first; each is strictly simpler, so that shrinking ends."""
    match value:
        case bool():
            if value:
                yield False
        case int():
            yield from _smaller_integers(value)
        case float():
            if int(value) != value or abs(value) > 1:
                yield int(value)
        case str():
            yield from dict.fromkeys(
                part for part in (value[:0], value[: len(value) // 2], value[:-1]) if part != value
            )
        case list() | tuple():
            yield from (
                list(value[:place]) + list(value[place + 1 :]) for place in range(len(value) - 1, -1, -1)
            )
            for place, part in enumerate(value):
                yield from ([*value[:place], smaller, *value[place + 1 :]] for smaller in _smaller(part))
        case Mapping():
            yield from ({key: part for key, part in value.items() if key != name} for name in value)
            for name, part in value.items():
                yield from ({**value, name: smaller} for smaller in _smaller(part))


def _smaller_integers(value: int) -> Iterator[int]:
    """Yield integers nearer to 0: all the way, half of it, a quarter, and one."""
    if value < 0:
        yield -value
    sign = -1 if value < 0 else 1
    far = abs(value)
    yield from dict.fromkeys(sign * near for near in (0, 1, far // 2, far - far // 4, far - 1) if near < far)
