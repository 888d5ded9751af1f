"""A pack's source, compiled once in a worker of its own and then sent to all others as it is.

That worker has met no other code, so what it gives is no worse than what the source would be; and compiling
is what costs a worker most of its time to start and of its memory.
"""

from __future__ import annotations

import ast
import base64
import marshal
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from sandbox.errors import PolicyViolation
from sandbox.language.plain_code import compile_plain
from sandbox.language.policy import check_source, parse_source
from sandbox.language.rewriting import compile_tools
from sandbox.language.tables import Tables, reached_tables

__all__ = ["CompiledSource", "compile_source", "read_compiled", "write_compiled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSource:
    """Code for one lane, its functions' parameters, and the tables that each of them reaches.

    ``violation`` says why there is no code.
    """

    code: CodeType | None = None
    signatures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reached: Mapping[str, Tables] = field(default_factory=dict)
    violation: str | None = None


def compile_source(source: str, *, trusted: bool) -> CompiledSource:
    """Compile tool code.  Costs milliseconds: keep the result.

    Trusted code was checked before it was pinned, and is what it was: that is not done again.
    """
    try:
        module = parse_source(source)
        if not trusted:
            check_source(module)
        reached, signatures = reached_tables(module), _signatures(module)
        code = compile_plain(module) if trusted else compile_tools(source)
    except PolicyViolation as error:
        return CompiledSource(violation=str(error))
    return CompiledSource(code=code, signatures=signatures, reached=reached)


def write_compiled(compiled: CompiledSource) -> dict[str, Any]:
    """Write it as JSON."""
    code = None if compiled.code is None else base64.b64encode(marshal.dumps(compiled.code)).decode()
    return {
        "code": code,
        "signatures": dict(compiled.signatures),
        "reached": {
            name: None if tables is None else sorted(tables) for name, tables in compiled.reached.items()
        },
        "violation": compiled.violation,
    }


def read_compiled(written: Mapping[str, Any]) -> CompiledSource:
    """Read what ``write_compiled`` wrote.  For a confined worker only: the code may be anything."""
    code = written["code"]
    return CompiledSource(
        code=None if code is None else marshal.loads(base64.b64decode(code)),  # noqa: S302  # see above
        signatures={name: tuple(names) for name, names in written["signatures"].items()},
        reached={
            name: None if tables is None else frozenset(tables) for name, tables in written["reached"].items()
        },
        violation=written["violation"],
    )


def _signatures(module: ast.Module) -> dict[str, tuple[str, ...]]:
    return {
        node.name: tuple(part.arg for part in (*node.args.args, *node.args.kwonlyargs))
        for node in module.body
        if isinstance(node, ast.FunctionDef)
    }
