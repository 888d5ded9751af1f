"""Loads a trusted pack's code as it was written: no guards, no steps, and still only the allowed built-ins.

Only what is put into a container is looked at on its way, so that the runtime knows whether a part of the
state may now stand in two places.  A set's order depends on hashes, which the guards make good and plain code
does not; a pack that is to be trusted does without sets (see ``sandbox.packs.pins``).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType
from typing import Any

from sandbox.language.access import SCALARS
from sandbox.language.builtin_guards import BUILTIN_NAMES, EXCEPTION_NAMES
from sandbox.language.meter import Meter

__all__ = ["compile_plain", "load_plain"]

PUTTING = frozenset({"append", "extend", "insert", "setdefault", "update"})


def compile_plain(module: ast.Module) -> CodeType:
    """Compile tool code as it was written, but for the notes of what goes into containers.

    They are made in its tree.
    """
    return compile(ast.fix_missing_locations(_Noted().visit(module)), "tools.py", "exec")


def load_plain(code: CodeType, meter: Meter) -> dict[str, Any]:
    """Execute compiled tool code's definitions; give its functions.

    Whenever they put a container into another one, ``meter.attached`` is set.  For a confined worker only.
    """
    allowed = {name: getattr(builtins, name) for name in sorted((BUILTIN_NAMES | EXCEPTION_NAMES) - {"set"})}
    names: dict[str, Any] = {"__builtins__": {**allowed, "sum": _total}, "__name__": "tools"}
    names["_put_"] = _noting(meter)
    exec(code, names)  # noqa: S102  # pinned code, and a confined worker
    functions = {name: value for name, value in names.items() if isinstance(value, FunctionType)}
    del functions["_put_"]
    return functions


def _noting(meter: Meter) -> Callable[..., Any]:
    def put(value: Any, always: bool = False) -> Any:
        if always or type(value) not in SCALARS:
            meter.attached = True
        return value

    return put


class _Noted(ast.NodeTransformer):
    """Sends through ``_put_`` what is stored in a container; the policy lets no other ways through."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        if any(isinstance(target, ast.Subscript) for target in node.targets):
            node.value = _put(node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """``+=`` may extend a list by what is added; ``*=`` may repeat one."""
        self.generic_visit(node)
        node.value = _put(node.value, always=isinstance(node.op, ast.Mult))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in PUTTING:
            node.args = [_put(argument) for argument in node.args]
            for keyword in node.keywords:
                keyword.value = _put(keyword.value)
        return node


def _put(value: ast.expr, *, always: bool = False) -> ast.expr:
    if isinstance(value, (ast.Constant, ast.JoinedStr)) and not always:
        return value
    noted = [value, ast.Constant(value=True)] if always else [value]
    return ast.copy_location(ast.Call(ast.Name("_put_", ast.Load()), noted, []), value)


def _total(values: Iterable[Any], start: Any = 0) -> Any:
    """Add up one by one, as the guards do; Python's own ``sum`` rounds otherwise from 3.12 on."""
    result = start
    for value in values:
        result = result + value
    return result
