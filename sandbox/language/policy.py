"""The source policy: what tool code may be made of, decided on its tree before it is compiled.

RestrictedPython comes after this and guards in depth; on its own it is no wall (it says so itself).  An
allow-list: a construct that nobody thought of is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from sandbox.errors import PolicyViolation
from sandbox.language.allowed_syntax import ALLOWED_NODES, FORMAT_SPEC, spoken
from sandbox.language.builtin_guards import BUILTIN_NAMES, EXCEPTION_NAMES, TYPE_NAMES
from sandbox.language.ctx import CONTEXT_ATTRIBUTES, RANDOM_ATTRIBUTES
from sandbox.language.meter import MAX_INTEGER_BITS
from sandbox.language.methods import METHOD_NAMES

__all__ = ["MAX_NODES", "MAX_SOURCE", "RESERVED", "check_source", "parse_source"]

MAX_SOURCE = 100_000
MAX_NODES = 40_000
MAX_PROBLEMS = 20
MAX_PROBLEM_TEXT = 300  # names in it may be of any length
MAX_STATEMENTS = 1_000
CONTEXT_VALUES = frozenset({"now", "today", "random"})
CALLABLE_ATTRIBUTES = METHOD_NAMES | {*CONTEXT_ATTRIBUTES, *RANDOM_ATTRIBUTES} - {"now", "today"}
KEYED = frozenset({"sorted", "min", "max", "sort"})
RESERVED = BUILTIN_NAMES | EXCEPTION_NAMES


def parse_source(source: str) -> ast.Module:
    """Parse tool code.  Raises ``PolicyViolation`` if it is too long, too deep or not Python."""
    if len(source) > MAX_SOURCE:
        raise PolicyViolation(f"tools.py: {len(source)} characters are too many; the limit is {MAX_SOURCE}")
    try:
        module = ast.parse(source, "tools.py")
    except SyntaxError as error:
        raise PolicyViolation(f"tools.py line {error.lineno}: not Python: {error.msg}") from None
    except (RecursionError, MemoryError, ValueError) as error:
        raise PolicyViolation(f"tools.py: cannot be parsed: {type(error).__name__}") from None
    if sum(1 for _ in ast.walk(module)) > MAX_NODES:
        raise PolicyViolation(f"tools.py: more than {MAX_NODES} names, numbers and operators; split the pack")
    return module


def check_source(module: ast.Module) -> None:
    """Raise ``PolicyViolation``, with every problem in one line, unless the tree keeps to the policy."""
    problems: list[str] = []
    try:
        _check_module(module, problems)
    except RecursionError:
        raise PolicyViolation("tools.py: nested too deeply; write it in smaller steps") from None
    if problems:
        raise PolicyViolation("; ".join(problem[:MAX_PROBLEM_TEXT] for problem in problems[:MAX_PROBLEMS]))


def _check_module(module: ast.Module, problems: list[str]) -> None:
    if len(module.body) > MAX_STATEMENTS:
        raise PolicyViolation(f"tools.py: more than {MAX_STATEMENTS} functions and constants; split the pack")
    constants: set[str] = set()
    functions: set[str] = set()
    for position, statement in enumerate(module.body):
        match statement:
            case ast.Expr(value=ast.Constant(value=str())) if position == 0:
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_constant(value):
                _check_binding(name, statement, functions, problems)
                constants.add(name)
            case ast.Assign(value=ast.Constant(value=value)) if _constant_problem(value) is not None:
                problems.append(_at(statement, str(_constant_problem(value))))
            case ast.FunctionDef(name=name):
                if name in functions or name in constants:
                    problems.append(_at(statement, f"{name} is defined twice"))
                _check_binding(name, statement, frozenset(), problems)
                _FunctionCheck(statement, frozenset(constants), frozenset(functions), problems).run()
                functions.add(name)
            case _:
                problems.append(
                    _at(statement, "only functions and immutable constants may stand at the top level")
                )


def _is_constant(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return _constant_problem(value) is None
        case ast.Tuple(elts=parts):
            return all(_is_constant(part) for part in parts)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=(int() | float()) as value)):
            return _constant_problem(value) is None
        case _:
            return False


def _constant_problem(value: object) -> str | None:
    if isinstance(value, (bytes, complex)) or value is Ellipsis:
        return f"a {type(value).__name__} constant is not allowed"
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        return f"an integer of more than {MAX_INTEGER_BITS} bits is not allowed"
    return None


def _check_binding(name: str, node: ast.AST, functions: Iterable[str], problems: list[str]) -> None:
    if name in RESERVED:
        problems.append(_at(node, f"{name} is a built-in; choose another name"))
    elif name in functions:
        problems.append(_at(node, f"{name} is a function of this file; choose another name"))
    elif name.startswith("_") and name != "_":
        problems.append(_at(node, f"{name} starts with an underscore; choose another name"))


def _at(node: ast.AST, problem: str) -> str:
    return f"tools.py line {getattr(node, 'lineno', '?')}: {problem}"


class _FunctionCheck:
    """The check of one top-level function."""

    def __init__(
        self,
        function: ast.FunctionDef,
        constants: frozenset[str],
        functions: frozenset[str],
        problems: list[str],
    ) -> None:
        self.function = function
        self.functions = functions
        self.problems = problems
        self.called: set[int] = set()
        self.constants = constants
        self.names = constants | self._bound_names()

    def run(self) -> None:
        """Collect what is wrong."""
        for node in ast.walk(self.function):
            for child in ast.iter_child_nodes(node):
                self._note_place(node, child)
        for node in ast.walk(self.function):
            if not isinstance(node, ALLOWED_NODES) or (
                isinstance(node, ast.FunctionDef) and node is not self.function
            ):
                self._problem(node, f"{spoken(node)} is not allowed")
                continue
            check = getattr(self, f"_check_{type(node).__name__.lower()}", None)
            if check is not None:
                check(node)

    def _problem(self, node: ast.AST, problem: str) -> None:
        self.problems.append(_at(node if hasattr(node, "lineno") else self.function, problem))

    def _bound_names(self) -> frozenset[str]:
        found = set()
        for node in ast.walk(self.function):
            match node:
                case (
                    ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.ExceptHandler(name=str(name))
                ):
                    found.add(name)
                    _check_binding(name, node, (*self.functions, self.function.name), self.problems)
        return frozenset(found)

    def _note_place(self, parent: ast.AST, child: ast.AST) -> None:
        """Remember the nodes that stand where a function, a type or an exception may be named."""
        match parent, child:
            case ast.Call(func=func), _ if child is func:
                self.called.add(id(child))
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, wanted]), _ if child is wanted:
                for part in wanted.elts if isinstance(wanted, ast.Tuple) else [wanted]:
                    if isinstance(part, ast.Name) and part.id in TYPE_NAMES:
                        self.called.add(id(part))
            case ast.ExceptHandler(type=ast.Tuple(elts=parts)), _:
                self.called.update(id(part) for part in parts)
            case ((ast.ExceptHandler(type=kind) | ast.Raise(exc=kind)), _) if child is kind:
                self.called.add(id(child))

    # one method per kind of node that needs a closer look

    def _check_name(self, node: ast.Name) -> None:
        name = node.id
        if isinstance(node.ctx, ast.Load) and name not in self.names:
            if name not in RESERVED and name not in self.functions:
                remedy = "recursion is not allowed" if name == self.function.name else "it is not known here"
                self._problem(node, f"{name}: {remedy}")
            elif id(node) not in self.called:
                self._problem(node, f"{name} can only be called, not passed around")
        elif isinstance(node.ctx, ast.Del) and name not in self.names:
            self._problem(node, f"{name} is not a local name")

    def _check_attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._problem(node, "attributes cannot be set")
        elif id(node) in self.called:
            if node.attr not in CALLABLE_ATTRIBUTES:
                self._problem(node, f"the method {node.attr} is not allowed")
        elif node.attr not in CONTEXT_VALUES:
            self._problem(node, f"the attribute {node.attr} is not allowed")

    def _check_call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Name(id=name):
                if name in self.names:
                    self._problem(node, f"{name} is a value; only functions defined above can be called")
            case ast.Attribute(attr=name):
                pass
            case _:
                self._problem(node, "only named functions and methods can be called")
                return
        for argument in node.args:
            self._check_argument(node, name, argument, keyword=None)
        for keyword in node.keywords:
            if keyword.arg is None:
                self._problem(node, "star-arguments are not allowed")
            else:
                self._check_argument(node, name, keyword.value, keyword=keyword.arg)

    def _check_argument(self, node: ast.Call, name: str, argument: ast.expr, keyword: str | None) -> None:
        if keyword is not None and keyword.startswith("_"):
            self._problem(node, f"{keyword} starts with an underscore")
        if isinstance(argument, ast.GeneratorExp):
            self.called.add(id(argument))
        if keyword == "key" and name in KEYED:
            self.called.add(id(argument))
            if isinstance(argument, ast.Lambda) or (
                isinstance(argument, ast.Name)
                and argument.id in self.functions | {"len", "abs", "str", "int"}
            ):
                return
            self._problem(node, "key= takes a lambda or a function defined above")

    def _check_lambda(self, node: ast.Lambda) -> None:
        if id(node) not in self.called:
            self._problem(node, "a lambda may stand only as key=")

    def _check_generatorexp(self, node: ast.GeneratorExp) -> None:
        if id(node) not in self.called:
            self._problem(node, "a generator may stand only as the argument of a call; use a list")

    def _check_arguments(self, node: ast.arguments) -> None:
        if node.vararg or node.kwarg or node.posonlyargs:
            self._problem(self.function, "star-arguments and positional-only parameters are not allowed")
        for default in (*node.defaults, *node.kw_defaults):
            named = isinstance(default, ast.Name) and default.id in self.constants
            if default is not None and not named and not _is_constant(default):
                self._problem(default, "a default must be an immutable constant")

    def _check_arg(self, node: ast.arg) -> None:
        if node.annotation is not None:
            self._problem(node, "annotations are not allowed")

    def _check_functiondef(self, node: ast.FunctionDef) -> None:
        if node.decorator_list:
            self._problem(node, "decorators are not allowed")
        if node.returns is not None or getattr(node, "type_params", None):
            self._problem(node, "annotations and type parameters are not allowed")

    def _check_try(self, node: ast.Try) -> None:
        if node.finalbody:
            self._problem(node, "finally is not allowed")

    def _check_excepthandler(self, node: ast.ExceptHandler) -> None:
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        for kind in kinds:
            if not isinstance(kind, ast.Name) or kind.id not in EXCEPTION_NAMES:
                self._problem(node, "except must name ordinary exceptions, such as ValueError")

    def _check_raise(self, node: ast.Raise) -> None:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if raised is not None and not (isinstance(raised, ast.Name) and raised.id in EXCEPTION_NAMES):
            self._problem(node, "raise must name an ordinary exception; for a declared error use ctx.fail")
        if node.cause is not None:
            self._problem(node, "raise from is not allowed")

    def _check_assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._check_target(target, alone=len(node.targets) == 1)

    def _check_target(self, target: ast.expr, *, alone: bool) -> None:
        match target:
            case ast.Name():
                pass
            case ast.Subscript() if alone:
                pass
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._check_target(part, alone=False)
            case _:
                self._problem(target, "assign to names, or to one d[key] at a time")

    def _check_for(self, node: ast.For) -> None:
        self._check_target(node.target, alone=False)

    def _check_comprehension(self, node: ast.comprehension) -> None:
        self._check_target(node.target, alone=False)
        if node.is_async:
            self._problem(node, "async is not allowed")

    def _check_augassign(self, node: ast.AugAssign) -> None:
        self._check_target(node.target, alone=True)

    def _check_compare(self, node: ast.Compare) -> None:
        if len(node.ops) > 1 and any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
            self._problem(node, "in cannot be chained")
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, (ast.Is, ast.IsNot)) and not (
                isinstance(right, ast.Constant) and right.value in (None, True, False)
            ):
                self._problem(node, "is compares with None, True and False only; use ==")

    def _check_constant(self, node: ast.Constant) -> None:
        problem = _constant_problem(node.value)
        if problem is not None:
            self._problem(node, problem)

    def _check_binop(self, node: ast.BinOp) -> None:
        text = isinstance(node.left, ast.JoinedStr) or (
            isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        )
        if text and isinstance(node.op, ast.Mod):
            self._problem(node, "percent formatting is not allowed; use an f-string")

    def _check_formattedvalue(self, node: ast.FormattedValue) -> None:
        match node.format_spec:
            case None:
                pass
            case ast.JoinedStr(values=[]):
                pass
            case ast.JoinedStr(values=[ast.Constant(value=str(spec))]) if FORMAT_SPEC.fullmatch(spec):
                pass
            case _:
                self._problem(node, "this format is not allowed; use width and precision below 100")
