"""Which tables of the state a tool can reach, read off its source.

A tool that only ever says ``state["orders"]``, itself or in the functions that it hands its state to, needs
no other table.  Whatever else it does with its state, all tables count as reached.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Tables", "reached_tables"]

MAX_TABLES = 64  # beyond, following them costs more than it saves

Tables = frozenset[str] | None
"""Names of tables; None for all that there are."""


def reached_tables(module: ast.Module) -> dict[str, Tables]:
    """Give, for each function, the tables that it reaches through its first parameter.

    A function can only call what is defined above it, so one pass in the order of the source is enough.
    """
    functions = _functions(module)
    reached: dict[str, dict[str, Tables]] = {}
    for name, function in functions.items():
        reached[name] = {
            parameter: _reached(use, functions, reached) for parameter, use in _uses(function).items()
        }
    return {name: next(iter(tables.values()), frozenset()) for name, tables in reached.items()}


@dataclass(slots=True)
class _Use:
    """What a function does with one parameter: tables that it names, and calls that it is handed on to."""

    tables: set[str] = field(default_factory=set)
    handed_on: set[tuple[str, int | str]] = field(default_factory=set)
    named: int = 0
    followed: int = 1  # its own place in the function's head


def _functions(module: ast.Module) -> dict[str, ast.FunctionDef]:
    """List the functions whose name means nothing else anywhere in the module."""
    defined = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    taken = {function.name: 0 for function in defined}
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                taken[name] = taken.get(name, 0) + 1
    return {node.name: node for node in defined if taken[node.name] == 1 and not _takes_stars(node.args)}


def _takes_stars(arguments: ast.arguments) -> bool:
    return bool(arguments.posonlyargs or arguments.vararg or arguments.kwarg)


def _uses(function: ast.FunctionDef) -> dict[str, _Use]:
    uses = {part.arg: _Use() for part in (*function.args.args, *function.args.kwonlyargs)}
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)) if name in uses:
                uses[name].named += 1
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(table))) if name in uses:
                uses[name].tables.add(table)
                uses[name].followed += 1
            case ast.Call(func=ast.Name(id=callee)):
                for name, place in _handed_on(node):
                    if name in uses:
                        uses[name].handed_on.add((callee, place))
                        uses[name].followed += 1
    return uses


def _handed_on(call: ast.Call) -> Iterator[tuple[str, int | str]]:
    """Give each plain name among the arguments, with its place; after a star no place is known."""
    for place, argument in enumerate(call.args):
        if isinstance(argument, ast.Starred):
            return
        if isinstance(argument, ast.Name):
            yield argument.id, place
    for keyword in call.keywords:
        if keyword.arg is not None and isinstance(keyword.value, ast.Name):
            yield keyword.value.id, keyword.arg


def _reached(
    use: _Use, functions: Mapping[str, ast.FunctionDef], known: Mapping[str, Mapping[str, Tables]]
) -> Tables:
    if use.named != use.followed:
        return None  # it also goes where it cannot be followed
    tables = frozenset(use.tables)
    for callee, place in use.handed_on:
        inner = known[callee].get(_parameter(functions[callee], place)) if callee in known else None
        if inner is None:
            return None
        tables |= inner
    return tables if len(tables) <= MAX_TABLES else None


def _parameter(function: ast.FunctionDef, place: int | str) -> str:
    if isinstance(place, str):
        return place
    positional = function.args.args
    return positional[place].arg if place < len(positional) else ""
