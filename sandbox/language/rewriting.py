"""Rewrites checked tool code so that all that could grow, hang or reach out goes through a guard.

Built on RestrictedPython's transformer, which refuses every node that it does not know and every name with a
leading underscore; the guards' own names are made after that check, so tool code cannot name them.
"""

from __future__ import annotations

import ast
import copy
import types
from collections.abc import Callable
from typing import Any

from RestrictedPython.compile import compile_restricted_exec
from RestrictedPython.transformer import RestrictingNodeTransformer, copy_locations

from sandbox.errors import PolicyViolation
from sandbox.language.policy import check_source, parse_source

__all__ = ["compile_tools"]

GUARDED_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "_add_",
    ast.BitAnd: "_and_",
    ast.BitOr: "_or_",
    ast.BitXor: "_xor_",
    ast.LShift: "_shift_",
    ast.Mod: "_mod_",
    ast.Mult: "_mul_",
    ast.Pow: "_pow_",
    ast.Sub: "_sub_",
}
FREE_BESIDE_NUMBERS = {"_add_", "_sub_"}
DIRECT_METHODS = {"get": (1, 2), "items": (0, 0), "values": (0, 0)}  # the fewest and the most arguments
NODES_PER_STEP = 32
IN_PLACE_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "_iadd_",
    ast.BitOr: "_ior_",
    ast.Mult: "_imul_",
}


def compile_tools(source: str) -> types.CodeType:
    """Compile tool code with all its guards.

    Raises ``PolicyViolation``.  Costs milliseconds: keep the result.
    """
    module = parse_source(source)
    check_source(module)
    _weigh_tree(module)
    try:
        result = compile_restricted_exec(module, filename="tools.py", policy=_GuardingTransformer)
    except (RecursionError, MemoryError, SyntaxError, ValueError) as error:
        raise PolicyViolation(f"tools.py: cannot be compiled: {type(error).__name__}: {error}") from None
    if result.code is None:
        raise PolicyViolation("tools.py: " + "; ".join(error[:300] for error in result.errors[:10]))
    code: types.CodeType = result.code
    return code


def _weigh_tree(module: ast.Module) -> None:
    """Note on every node how much code there is in it, before it is rewritten."""
    for node in reversed(list(ast.walk(module))):
        node.weight = _own_weight(node) + sum(child.weight for child in ast.iter_child_nodes(node))  # type: ignore[attr-defined]  # ours


def _own_weight(node: ast.AST) -> int:
    match node:
        case ast.Constant(value=str(text)):
            return 1 + (len(text) >> 8)
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return 5  # memory that the collector will look at
        case _:
            return 1


def _steps(node: Any) -> ast.Call:
    """Make the charge for running a node's code once: long code without any loop takes its time too."""
    steps = 1 + node.weight // NODES_PER_STEP
    return _guard("_tick_") if steps == 1 else _guard("_take_", ast.Constant(steps))


def _pay(node: Any) -> list[ast.stmt]:
    """Make the same charge as statements: they take a third of the time of a call."""
    left = "_meter_.left"
    return ast.parse(f"{left} -= {1 + node.weight // NODES_PER_STEP}\nif {left} < 0:\n    _meter_.end()").body


def _guard(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Name(name, ast.Load()), args=list(arguments), keywords=[])


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_plain_key(node: ast.expr) -> bool:
    """Tell a key that is written out: a text or an integer, a negative one too."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
        return isinstance(node, ast.Constant) and type(node.value) is int
    return isinstance(node, ast.Constant) and type(node.value) in (str, int)


def _is_scalar(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


class _GuardingTransformer(RestrictingNodeTransformer):
    """Our guards where RestrictedPython's are too weak or too slow."""

    def _placed(self, new: Any, old: Any) -> Any:
        copy_locations(new, old)
        return new

    # functions and loops: every way of doing something again takes a step

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        steps = _pay(node)
        super().visit_FunctionDef(node)
        node.body[:0] = [self._placed(step, node.body[0]) for step in steps]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        steps = _steps(node)
        super().visit_Lambda(node)
        node.body = self._placed(ast.BoolOp(ast.And(), [steps, node.body]), node)
        return node

    def visit_While(self, node: ast.While) -> Any:
        steps = _steps(node)
        node = self.node_contents_visit(node)
        node.test = self._placed(ast.BoolOp(ast.And(), [steps, node.test]), node)
        return node

    def visit_For(self, node: ast.For) -> Any:
        heavy = node.weight >= NODES_PER_STEP  # type: ignore[attr-defined]  # see _weigh_tree
        steps = _pay(node)
        super().visit_For(node)
        if heavy:  # a short body is paid for by the guard of its iterable
            node.body[:0] = [self._placed(step, node.body[0]) for step in steps]
        return node

    def visit_ListComp(self, node: ast.ListComp) -> Any:
        return self._comprehension(node, super().visit_ListComp)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> Any:
        return self._comprehension(node, super().visit_GeneratorExp)

    def _comprehension(self, node: Any, visit: Callable[[Any], Any]) -> Any:
        heavy, steps = node.weight >= NODES_PER_STEP, _steps(node)
        node = visit(node)
        for generator in node.generators if heavy else ():
            generator.ifs.insert(0, self._placed(copy.deepcopy(steps), node))
        return node

    def guard_iter(self, node: Any) -> Any:
        node = self.node_contents_visit(node)
        guard = "_getiter_" if isinstance(node.target, ast.Name) else "_getpairs_"
        node.iter = self._placed(_guard(guard, node.iter), node.iter)
        return node

    # methods

    def visit_Call(self, node: ast.Call) -> Any:
        """Call the commonest methods by guards of their own, which saves looking them up and binding them.

        Only where nothing can happen between the look-up and the call: arguments are names and constants.
        """
        match node.func:
            case ast.Attribute(value=owner, attr=method) if _is_direct(method, node):
                direct = _guard(f"_{method}_", self.visit(owner), *map(self.visit, node.args))
                return self._placed(direct, node)
            case _:
                return super().visit_Call(node)

    # items

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        constant = _is_plain_key(node.slice)
        node = self.node_contents_visit(node)
        if constant or not isinstance(node.ctx, ast.Load):
            return node
        return self._placed(_guard("_getitem_", node.value, _as_argument(node.slice)), node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        node = self.node_contents_visit(node)
        target = node.targets[0]
        if isinstance(target, ast.Subscript):
            call = _guard("_setitem_", node.value, target.value, _as_argument(target.slice))
            return self._placed(ast.Expr(call), node)
        if any(isinstance(part, (ast.Tuple, ast.List)) for part in node.targets):
            node.value = self._placed(_guard("_unpack_", node.value), node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        node = self.node_contents_visit(node)
        if isinstance(node.target, ast.Name):
            result = self._in_place(node.op, ast.Name(node.target.id, ast.Load()), node.value)
            return self._placed(ast.Assign([node.target], result), node)
        assert isinstance(node.target, ast.Subscript), "the policy lets nothing else through"
        owner = self.gen_tmp_name()
        first = [ast.Assign([ast.Name(owner, ast.Store())], node.target.value)]
        key: ast.expr = node.target.slice
        if _is_plain_key(key):
            here: ast.expr = ast.Subscript(ast.Name(owner, ast.Load()), key, ast.Load())
        else:
            name = self.gen_tmp_name()
            first.append(ast.Assign([ast.Name(name, ast.Store())], _as_argument(key)))
            key = ast.Name(name, ast.Load())
            here = _guard("_getitem_", ast.Name(owner, ast.Load()), key)
        result = self._in_place(node.op, here, node.value)
        last = ast.Expr(_guard("_setitem_", result, ast.Name(owner, ast.Load()), key))
        return [self._placed(statement, node) for statement in (*first, last)]

    def _in_place(self, operator: ast.operator, left: ast.expr, right: ast.expr) -> ast.expr:
        guard = IN_PLACE_OPERATORS.get(type(operator))
        if guard is not None:
            return _guard(guard, left, right)
        return self._operation(operator, left, right)

    def visit_Delete(self, node: ast.Delete) -> Any:
        node = self.node_contents_visit(node)
        return [
            self._placed(
                ast.Expr(_guard("_delitem_", target.value, _as_argument(target.slice)))
                if isinstance(target, ast.Subscript)
                else ast.Delete([target]),
                node,
            )
            for target in node.targets
        ]

    # what hashes

    def visit_Dict(self, node: ast.Dict) -> Any:
        node = self.node_contents_visit(node)
        for place, key in enumerate(node.keys):
            if key is None:
                node.values[place] = self._placed(_guard("_spread_", node.values[place]), node)
            elif not _is_scalar(key):
                node.keys[place] = self._placed(_guard("_key_", key), node)
        return node

    def visit_Set(self, node: ast.Set) -> Any:
        node = self.node_contents_visit(node)
        node.elts = [self._placed(_guard("_key_", element), node) for element in node.elts]
        return node

    def visit_SetComp(self, node: ast.SetComp) -> Any:
        self._comprehension(node, super().visit_SetComp)
        node.elt = self._placed(_guard("_key_", node.elt), node)
        return node

    def visit_DictComp(self, node: ast.DictComp) -> Any:
        self._comprehension(node, super().visit_DictComp)
        node.key = self._placed(_guard("_key_", node.key), node)
        return node

    # operators

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        node = self.node_contents_visit(node)
        return self._placed(self._operation(node.op, node.left, node.right), node)

    def _operation(self, operator: ast.operator, left: ast.expr, right: ast.expr) -> ast.expr:
        guard = GUARDED_OPERATORS.get(type(operator))
        if guard is None or (guard in FREE_BESIDE_NUMBERS and (_is_number(left) or _is_number(right))):
            return ast.BinOp(left, operator, right)
        return _guard(guard, left, right)

    def visit_Compare(self, node: ast.Compare) -> Any:
        node = self.node_contents_visit(node)
        if isinstance(node.ops[0], (ast.In, ast.NotIn)):
            contains = _guard("_contains_", node.left, node.comparators[0])
            answer = contains if isinstance(node.ops[0], ast.In) else ast.UnaryOp(ast.Not(), contains)
            return self._placed(answer, node)
        if sum(not _is_scalar(operand) for operand in (node.left, *node.comparators)) < 2:
            return node
        node.left = self._comparable(node.left)
        node.comparators = [self._comparable(operand) for operand in node.comparators]
        return node

    def _comparable(self, operand: ast.expr) -> Any:
        return operand if _is_scalar(operand) else self._placed(_guard("_comparable_", operand), operand)

    # text

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Any:
        node.value = self._placed(_guard("_show_", self.visit(node.value)), node)
        return node


def _is_direct(method: str, call: ast.Call) -> bool:
    fewest, most = DIRECT_METHODS.get(method, (1, 0))
    return (
        fewest <= len(call.args) <= most
        and not call.keywords
        and all(isinstance(argument, (ast.Name, ast.Constant)) for argument in call.args)
    )


def _as_argument(key: ast.expr) -> ast.expr:
    if not isinstance(key, ast.Slice):
        return key
    parts = [ast.Constant(None) if part is None else part for part in (key.lower, key.upper, key.step)]
    return _guard("_slice_", *parts)
