"""What tool code may and may not be made of."""

from __future__ import annotations

import pytest

from sandbox import PolicyViolation
from sandbox.language.rewriting import compile_tools
from sandbox.workers.compiled import compile_source

BODY = "def tool(state, ctx, x=1):\n    "

REFUSED = {
    "import": "import os",
    "import in a function": BODY + "import os",
    "class": "class A:\n    pass",
    "decorator": "@len\n" + BODY + "return 1",
    "nested function": BODY + "def inner():\n        return 1\n    return inner()",
    "generator": BODY + "yield 1",
    "with": BODY + "with x:\n        pass",
    "match": BODY + "match x:\n        case 1:\n            pass",
    "star-arguments": BODY + "return len(*x)",
    "double star": BODY + "return dict(**x)",
    "star in a list": BODY + "return [*x]",
    "recursion": BODY + "return tool(state, ctx)",
    "a function defined below": BODY + "return below()\n\ndef below():\n    return 1",
    "finally": BODY + "try:\n        pass\n    finally:\n        pass",
    "bare except": BODY + "try:\n        pass\n    except:\n        pass",
    "except BaseException": BODY + "try:\n        pass\n    except BaseException:\n        pass",
    "except star": BODY + "try:\n        pass\n    except* ValueError:\n        pass",
    "raise SystemExit": BODY + "raise SystemExit",
    "global": "N = 1\n" + BODY + "global N",
    "a mutable module value": "BOX = {}\n" + BODY + "return 1",
    "a mutable default": "def tool(state, ctx, x=[]):\n    return x",
    "a call at the top": "len('')\n" + BODY + "return 1",
    "underscore name": BODY + "_x = 1",
    "underscore attribute": BODY + "return x.__class__",
    "an unknown built-in": BODY + "return open('/etc/passwd')",
    "getattr": BODY + "return getattr(x, 'y')",
    "type": BODY + "return type(x)",
    "an unlisted method": BODY + "return x.mro()",
    "str.format": BODY + "return '{}'.format(x)",
    "percent formatting": BODY + "return '%9999999d' % x",
    "a computed width": BODY + "return f'{x:{x}}'",
    "a huge width": BODY + "return f'{x:1000000}'",
    "a built-in as a value": BODY + "return len",
    "a lambda as a value": BODY + "return lambda: 1",
    "a method as a value": BODY + "return x.append",
    "setting an attribute": BODY + "tool.n = 1",
    "shadowing a built-in": BODY + "len = 1",
    "shadowing by a loop": BODY + "for sorted in x:\n        pass",
    "shadowing by a parameter": "def tool(state, ctx, len):\n    return 1",
    "bytes": BODY + "return b'x'",
    "is between values": BODY + "return x is state",
    "annotation": "def tool(state: print, ctx):\n    return 1",
    "async": "async def tool(state, ctx):\n    return 1",
    "walrus over a built-in": BODY + "return (max := 1)",
    "not Python": "def tool(:",
    "a null byte": "x = 1\0",
    "deep nesting": BODY + "return " + "(" * 5000 + "1" + ")" * 5000,
    "a long chain": BODY + "return " + "-" * 20000 + "1",
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED.keys())
def test_forbidden_constructs_are_refused_before_anything_runs(source: str) -> None:
    with pytest.raises(PolicyViolation):
        compile_tools(source)


def test_a_refusal_names_the_line_and_the_remedy() -> None:
    with pytest.raises(PolicyViolation, match=r"tools\.py line 3: percent formatting .* use an f-string"):
        compile_tools("X = 1\n" + BODY + "return '%d' % x")


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(PolicyViolation, match=r"import is not allowed.*yield is not allowed"):
        compile_tools(BODY + "import os\n    yield 1")


ALLOWED = {
    "docstring and constants": '"""Doc."""\nA = 1\nB = ("x", -2.5)\n' + BODY + "return A",
    "a constant as a default": "A = 1\ndef tool(state, ctx, x=A):\n    return x",
    "helpers above": "def helper(x):\n    return x\n\n" + BODY + "return helper(x)",
    "lambda as key": BODY + "return sorted(state, key=lambda row: row)",
    "a function as key": "def helper(x):\n    return x\n\n" + BODY + "return max(state, key=helper)",
    "generator expression in a call": BODY + "return sum(row for row in state)",
    "isinstance": BODY + "return isinstance(x, (int, float)) or isinstance(x, str)",
    "except ordinary": BODY
    + "try:\n        return int(x)\n    except (ValueError, KeyError) as error:\n        return str(error)",
    "raise ordinary": BODY + "raise ValueError('x')",
    "item changes": BODY + "state['a']['b'] += 1\n    del state['c']\n    return 1",
    "format with precision": BODY + "return f'{x:.2f} {x:>10} {x:,}'",
    "walrus": BODY + "return (y := x) + y",
    "names that are no built-ins here": BODY + "id = x\n    type = id\n    return type",
    "the context": BODY
    + "return [ctx.now, ctx.today, ctx.random.choice([1]), ctx.next_id('A'), ctx.copy(x)]",
}


@pytest.mark.parametrize("source", ALLOWED.values(), ids=ALLOWED.keys())
def test_ordinary_tool_code_is_let_through(source: str) -> None:
    compile_tools(source)


def test_the_parameters_of_every_function_are_known() -> None:
    source = "def a(x, y=1):\n    return x\n\n" + BODY + "return a(x)"
    for trusted in (True, False):
        assert compile_source(source, trusted=trusted).signatures == {
            "a": ("x", "y"),
            "tool": ("state", "ctx", "x"),
        }
