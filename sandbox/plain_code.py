"""Loads a trusted pack's code as it was written: no guards, no steps, and still only the allowed built-ins.

A set's order depends on hashes, which the guards make good and plain code does not; a pack that is to be
trusted does without sets (see ``sandbox.pins``).
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from types import CodeType, FunctionType
from typing import Any

from sandbox.builtin_guards import BUILTIN_NAMES, EXCEPTION_NAMES

__all__ = ["load_plain"]


def load_plain(source: str) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Execute tool code's definitions; give its functions and their parameters' names.

    For a confined worker only.
    """
    allowed = {name: getattr(builtins, name) for name in sorted((BUILTIN_NAMES | EXCEPTION_NAMES) - {"set"})}
    names: dict[str, Any] = {"__builtins__": {**allowed, "sum": _total}, "__name__": "tools"}
    exec(compile(source, "tools.py", "exec"), names)  # noqa: S102  # pinned code, and a confined worker
    functions = {name: value for name, value in names.items() if isinstance(value, FunctionType)}
    return functions, {name: _parameters(function.__code__) for name, function in functions.items()}


def _parameters(code: CodeType) -> tuple[str, ...]:
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _total(values: Iterable[Any], start: Any = 0) -> Any:
    """Add up one by one, as the guards do; Python's own ``sum`` rounds otherwise from 3.12 on."""
    result = start
    for value in values:
        result = result + value
    return result
