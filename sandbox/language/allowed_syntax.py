"""The syntax that tool code may consist of, by node; whatever stands in no list is refused."""

from __future__ import annotations

import ast
import re

__all__ = ["ALLOWED_NODES", "FORMAT_SPEC", "spoken"]

FORMAT_SPEC = re.compile(r"[<>^=]?[+ ]?0?\d{0,2},?(\.\d{1,2})?[dfse%]?")

ALLOWED_NODES: tuple[type[ast.AST], ...] = (
    ast.Add, ast.And, ast.Assert, ast.Assign, ast.Attribute, ast.AugAssign, ast.BinOp, ast.BitAnd,
    ast.BitOr, ast.BitXor, ast.BoolOp, ast.Break, ast.Call, ast.Compare, ast.Constant, ast.Continue,
    ast.Del, ast.Delete, ast.Dict, ast.DictComp, ast.Div, ast.Eq, ast.ExceptHandler, ast.Expr, ast.FloorDiv,
    ast.For, ast.FormattedValue, ast.FunctionDef, ast.GeneratorExp, ast.Gt, ast.GtE, ast.If, ast.IfExp,
    ast.In, ast.Is, ast.IsNot, ast.JoinedStr, ast.LShift, ast.Lambda, ast.List, ast.ListComp, ast.Load,
    ast.Lt, ast.LtE, ast.Mod, ast.Module, ast.Mult, ast.Name, ast.NamedExpr, ast.Not, ast.NotEq, ast.NotIn,
    ast.Or, ast.Pass, ast.Pow, ast.RShift, ast.Raise, ast.Return, ast.Set, ast.SetComp, ast.Slice,
    ast.Store, ast.Sub, ast.Subscript, ast.Try, ast.Tuple, ast.UAdd, ast.USub, ast.UnaryOp, ast.While,
    ast.arg, ast.arguments, ast.comprehension, ast.keyword,
)  # fmt: skip

SPOKEN = {
    "AsyncFunctionDef": "async",
    "ClassDef": "class",
    "FunctionDef": "a function inside a function",
    "Global": "global",
    "Import": "import",
    "ImportFrom": "import",
    "Match": "match",
    "Nonlocal": "nonlocal",
    "Starred": "a star",
    "TryStar": "except*",
    "TypeAlias": "a type alias",
    "With": "with",
    "Yield": "yield",
    "YieldFrom": "yield",
}


def spoken(node: ast.AST) -> str:
    """Name a node as a person would."""
    return SPOKEN.get(type(node).__name__, type(node).__name__)
