"""What counts as plain JSON, and a walk that finds out in bounded time."""

from __future__ import annotations

import math

from sandbox.schema import json_path

__all__ = ["MAX_INTEGER", "plain_json_problem"]

MAX_INTEGER = 2**63 - 1
MAX_TEXT = 1_000_000


def plain_json_problem(value: object, *, max_nodes: int = 50_000, max_depth: int = 64) -> str | None:
    """Say what keeps ``value`` from being plain JSON that every reader reads alike; None if nothing does.

    Plain are None, booleans, text without lone surrogates, integers of 64 bits, finite floats, lists, and
    dictionaries with text keys; exactly these types, no subclasses.  The walk visits at most ``max_nodes``
    parts, so that a small graph with an exponential unfolding is refused and not followed.
    """
    nodes = text = 0
    stack: list[tuple[object, tuple[str | int, ...]]] = [(value, ())]
    while stack:
        part, path = stack.pop()
        nodes += 1
        kind = type(part)
        if kind is str:
            text += len(part)  # type: ignore[arg-type]  # mypy does not narrow on type(x) is str
        problem = _scalar_problem(part) if kind not in _CONTAINERS else None
        if problem is not None:
            return f"{json_path(path)} {problem}"
        if nodes > max_nodes or text > MAX_TEXT:
            return f"$ is too large (more than {max_nodes} parts or {MAX_TEXT} characters)"
        if kind in _CONTAINERS:
            if len(path) >= max_depth:
                return f"$ is nested deeper than {max_depth}"
            if nodes + len(stack) + len(part) > max_nodes:  # type: ignore[arg-type]
                return f"$ is too large (more than {max_nodes} parts)"
        if kind is dict:
            for key, child in part.items():  # type: ignore[attr-defined]
                if type(key) is not str:
                    return f"{json_path(path)} has the key {_short(key)}, which is not text"
                key_problem = _scalar_problem(key)
                if key_problem is not None:
                    return f"{json_path(path)} has a key that {key_problem}"
                text += len(key)
                stack.append((child, (*path, key)))
        elif kind is list:
            stack.extend((child, (*path, index)) for index, child in enumerate(part))  # type: ignore[arg-type]
    return None


_CONTAINERS = frozenset({dict, list})


def _scalar_problem(value: object) -> str | None:
    match value:
        case None | bool():
            return None
        case str() if type(value) is str:
            return None if value.isascii() or _is_unicode(value) else "holds half of a surrogate pair"
        case int() if type(value) is int:
            return None if -MAX_INTEGER <= value <= MAX_INTEGER else "is an integer beyond 64 bits"
        case float() if type(value) is float:
            return None if math.isfinite(value) else "is not a finite number"
        case tuple():
            return "is a tuple; return a list"
        case set() | frozenset():
            return "is a set; return sorted(...) of it"
        case _:
            return f"is of type {type(value).__name__}, which is not JSON"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(key: object) -> str:
    return repr(key) if isinstance(key, (int, float, bool, type(None))) else type(key).__name__
