"""Loads a trusted pack's code as it was written: no guards, no steps, and still only the allowed built-ins.

Only what is put into a container is looked at on its way, so that the runtime knows whether a part of the
state may now stand in two places.  A set's order depends on hashes, which the guards make good and plain code
does not; a pack that is to be trusted does without sets (see ``sandbox.pins``).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType
from typing import Any

from sandbox.builtin_guards import BUILTIN_NAMES, EXCEPTION_NAMES
from sandbox.guards import SCALARS
from sandbox.meter import Meter

__all__ = ["load_plain"]

PUTTING = frozenset({"append", "extend", "insert", "setdefault", "update"})


def load_plain(source: str, meter: Meter) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Execute tool code's definitions; give its functions and their parameters' names.

    Whenever they put a container into another one, ``meter.attached`` is set.  For a confined worker only.
    """
    allowed = {name: getattr(builtins, name) for name in sorted((BUILTIN_NAMES | EXCEPTION_NAMES) - {"set"})}
    names: dict[str, Any] = {"__builtins__": {**allowed, "sum": _total}, "__name__": "tools"}
    names["_put_"] = _noting(meter)
    module = ast.fix_missing_locations(_Noted().visit(ast.parse(source)))
    exec(compile(module, "tools.py", "exec"), names)  # noqa: S102  # pinned code, and a confined worker
    functions = {name: value for name, value in names.items() if isinstance(value, FunctionType)}
    del functions["_put_"]
    return functions, {name: _parameters(function.__code__) for name, function in functions.items()}


def _noting(meter: Meter) -> Callable[..., Any]:
    def put(value: Any, always: bool = False) -> Any:  # noqa: FBT001, FBT002  # called by generated code
        if always or type(value) not in SCALARS:
            meter.attached = True
        return value

    return put


class _Noted(ast.NodeTransformer):
    """Sends through ``_put_`` whatever the code stores in a container."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        if any(map(_has_item, node.targets)):
            node.value = _put(node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is not None:
            node.value = _put(node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """``+=`` may extend a list by what is added; ``*=`` may repeat one."""
        self.generic_visit(node)
        node.value = _put(node.value, always=isinstance(node.op, ast.Mult))
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        if _has_item(node.target):
            node.iter = _put(node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        if _has_item(node.target):
            node.iter = _put(node.iter)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in PUTTING:
            return self.generic_visit(node)
        node.func.value = self.visit(node.func.value)
        node.args = [_put(self.visit(argument)) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = _put(self.visit(keyword.value))
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A method that is not called on the spot may be called with anything."""
        self.generic_visit(node)
        return _put(node, always=True) if node.attr in PUTTING else node


def _has_item(target: ast.expr) -> bool:
    return any(isinstance(part, ast.Subscript) for part in ast.walk(target))


def _put(value: ast.expr, *, always: bool = False) -> ast.expr:
    if isinstance(value, ast.Starred):
        value.value = _put(value.value, always=True)
        return value
    if isinstance(value, (ast.Constant, ast.JoinedStr)) and not always:
        return value
    noted = [value, ast.Constant(value=True)] if always else [value]
    return ast.copy_location(ast.Call(ast.Name("_put_", ast.Load()), noted, []), value)


def _parameters(code: CodeType) -> tuple[str, ...]:
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _total(values: Iterable[Any], start: Any = 0) -> Any:
    """Add up one by one, as the guards do; Python's own ``sum`` rounds otherwise from 3.12 on."""
    result = start
    for value in values:
        result = result + value
    return result
