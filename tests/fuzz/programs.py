"""Tool code of strangers: drawn from a grammar, or something changed in the corpus or in a shipped pack."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import re
import textwrap

from sandbox import Call, Fault, FaultKind, Pack, ProcessRuntime, Trajectory, open_pack, shipped_packs
from sandbox.testing import conformance_pack, make_pack, make_tool
from tests.sandbox.containment.corpus import code_attacks, source_of

__all__ = ["attack_with_program"]

TOOL = make_tool("tool", parameters={"type": "object", "additionalProperties": False}, touches=("totals",))
GOOD = Trajectory(start="only", calls=(Call(name="add", arguments={"amount": 2}), Call(name="draw")))
WRONG_ENDS = (FaultKind.CRASH, FaultKind.TIMEOUT)
NAMES = ("x", "y", "rows", "state", "ctx", "_tick_", "tool", "len", "error")
VALUES = (
    "0", "1", "-7", "10 ** 6", "1 << 70", "1.5", "1e308", "''", "'a'", "'a' * 1000", "[]", "{}", "()", "None",
    "True", "[1, 2, 3]", "{'a': 1}", "{1, 2}", "'\\ud800'", "range(9)", "state['totals']", "ctx.now",
)  # fmt: skip
METHODS = (
    "append", "extend", "insert", "pop", "sort", "keys", "items", "values", "get", "update", "split",
    "join", "replace", "format", "strip", "rfind", "upper", "zfill", "count", "index", "add", "union", "copy",
    "next_id", "fail", "random", "choice", "__class__", "mro", "encode", "startswith", "isalnum", "clear",
)  # fmt: skip
FUNCTIONS = (
    "len", "str", "int", "list", "sorted", "sum", "max", "min", "enumerate", "zip", "set", "dict", "tuple",
    "range", "round", "reversed", "any", "all", "next", "isinstance", "abs", "getattr", "type", "helper",
)  # fmt: skip
OPERATORS = (
    "+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "==", "<", "in", "and", "or", "is",
)  # fmt: skip
CORPUS = tuple(source_of(attack) for attack in code_attacks())
SHIPPED = tuple(open_pack(name) for name in shipped_packs())
TOKEN = re.compile(r"\w+|[^\w\s]")


async def attack_with_program(chance: random.Random, runtime: ProcessRuntime) -> str:
    """Draw a program and run it twice: it is refused, or ends within its budget, both times alike."""
    pack, calls = _drawn(chance)
    try:
        dialogue = Trajectory(start=next(iter(pack.worlds)), calls=calls)
        first, second = await runtime.run(pack, [dialogue, dialogue])
        assert first == second, "one dialogue learned of another"
        for step in first.steps:
            if isinstance(step.outcome, Fault):
                assert step.outcome.kind not in WRONG_ENDS, step.outcome
        (good,) = await runtime.run(GOOD_PACK, [GOOD])
        assert not any(isinstance(step.outcome, Fault) for step in good.steps)
    except BaseException as error:
        error.add_note(pack.source)
        raise
    return pack.source


GOOD_PACK = conformance_pack()


def _drawn(chance: random.Random) -> tuple[Pack, tuple[Call, ...]]:
    match chance.randrange(4):
        case 0:
            pack = chance.choice(SHIPPED)
            source = _changed(pack.source, chance)
            digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
            return dataclasses.replace(pack, source=source, digest=digest), chance.choice(pack.tasks).calls
        case 1:
            source = _changed(chance.choice(CORPUS), chance)
        case _:
            source = _program(chance)
    return make_pack(source, (TOOL,)), (Call(name="tool"),) * 2


def _changed(source: str, chance: random.Random) -> str:
    for _ in range(chance.choice((1, 1, 2, 4))):
        lines = source.split("\n")
        place = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, chance.choice(lines))
            case _:
                tokens = list(TOKEN.finditer(lines[place][:2_000]))
                if tokens:
                    token = chance.choice(tokens)
                    pool = (*NAMES, *VALUES, *METHODS, *FUNCTIONS, *OPERATORS)
                    start, end = token.span()
                    lines[place] = lines[place][:start] + chance.choice(pool) + lines[place][end:]
        source = "\n".join(lines)
    return source


def _program(chance: random.Random) -> str:
    body = "\n".join(_statement(chance, 0) for _ in range(chance.randrange(1, 7)))
    helper = f"def helper(x, y=1):\n    return {_expression(chance, 1)}\n"
    start = "    x, y, rows = 1, 'a', [3, 1, 2]\n"
    return f"{helper}\ndef tool(state, ctx):\n{start}{textwrap.indent(body, '    ')}\n    return rows\n"


def _statement(chance: random.Random, depth: int) -> str:
    def block() -> str:
        return textwrap.indent(_statement(chance, depth + 1), "    ")

    def value() -> str:
        return _expression(chance, 1)

    match chance.randrange(7 if depth > 2 else 11):
        case 0 | 1:
            return f"{chance.choice(NAMES)} = {value()}"
        case 2:
            return f"rows[{value()}] = {value()}"
        case 3:
            return f"{chance.choice(('x', 'y', 'rows'))} {chance.choice(OPERATORS[:12])}= {value()}"
        case 4:
            return value()
        case 5:
            return f"state['totals'][{value()}] = {value()}"
        case 6:
            return f"return {value()}"
        case 7:
            return f"while {value()}:\n{block()}"
        case 8:
            return f"for x in {value()}:\n{block()}"
        case 9:
            return f"if {value()}:\n{block()}\nelse:\n{block()}"
        case _:
            kind = chance.choice(("Exception", "ValueError", "x"))
            return f"try:\n{block()}\nexcept {kind} as error:\n{block()}"


def _expression(chance: random.Random, depth: int) -> str:
    def part() -> str:
        return _expression(chance, depth + 1)

    if depth > 4 or chance.random() < 0.3:
        return chance.choice((chance.choice(NAMES[:4]), chance.choice(VALUES)))
    match chance.randrange(9):
        case 0 | 1:
            return f"({part()} {chance.choice(OPERATORS)} {part()})"
        case 2 | 3:
            arguments = ", ".join(part() for _ in range(chance.choice((0, 1, 1, 2))))
            return f"{part()}.{chance.choice(METHODS)}({arguments})"
        case 4:
            return f"{chance.choice(FUNCTIONS)}({part()})"
        case 5:
            return f"[{part()} for x in {part()}]"
        case 6:
            return f"f'{{{part()}!r:>{chance.choice((5, 99, 10**9))}}}'".replace("''", '""')
        case 7:
            return f"{part()}[{chance.choice((part(), '1:', '::-1'))}]"
        case _:
            return f"sorted({part()}, key=lambda y: {part()})"
