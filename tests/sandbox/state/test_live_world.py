"""Worlds while calls are made on them: parsed lazily, shared until somebody writes, never seen by others."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from sandbox import Fault, canonical, state_digest
from sandbox.language.meter import Meter
from sandbox.language.surroundings import Surroundings
from sandbox.language.tables import reached_tables
from sandbox.state.live_world import LiveWorld
from sandbox.state.world import encode_tables
from sandbox.workers.compiled import compile_source
from sandbox.workers.contract import Answer
from sandbox.workers.program import Program, load_program

SOURCE = """
def row_of(state, key):
    return state["rows"].get(key)


def read(state, ctx, key):
    return {"row": row_of(state, key), "notes": state["notes"]}


def build(state, ctx, key):
    found = []
    found.append(row_of(state, key))
    return found


def write(state, ctx, key):
    row = state["rows"].setdefault(key, {"n": 0})
    row["n"] += 1
    row["a" + key] = row["n"]
    return row


def bump(state, ctx, key):
    row = row_of(state, key)
    if row is None:
        ctx.fail("no_row", key)
    row["n"] += 1
    return row["n"]


def share(state, ctx, key):
    state["rows"][key] = state["notes"]["first"]
    state["notes"]["copy"] = state["notes"]["first"]
    return list(state["notes"])


def spoil(state, ctx, key):
    state["rows"].clear()
    state["notes"]["first"]["n"] = 99
    ctx.fail("spoilt", key)


def trespass(state, ctx, key):
    state["notes"]["first"]["n"] = 99
    return row_of(state, key)


def lie(state, ctx, key):
    state["rows"][key] = {"n": -1}
    return None


def drop(state, ctx, key):
    state.pop("spare", None)
    state["found"] = {"keys": list(state)}
    return list(state)


def draw(state, ctx, key):
    return [ctx.next_id(key), ctx.random.randint(1, 1000), list(state["rows"])]
"""
WRITES = {"write": ["rows"], "bump": ["rows"], "share": ["rows", "notes"], "spoil": ["rows", "notes"]}
WRITES |= {"trespass": ["rows"], "drop": ["spare", "found"], "draw": []}
WORLD: dict[str, Any] = {
    "rows": {"x": {"n": 0}, "y": {"n": 5}},
    "notes": {"first": {"n": 1}},
    "spare": {"s": [1, 2]},
    "untouched": {"deep": {"er": [1, {"a": 1}]}},
}
TOOLS = ("read", "build", "write", "bump", "share", "spoil", "trespass", "lie", "drop", "draw")


@cache
def two_programs() -> tuple[Program, Program]:
    """Compile two equal programs, once: it takes milliseconds."""
    return make_program(), make_program()


def program_like_new(number: int) -> Program:
    program = two_programs()[number]
    program.world("only").parsed.clear()
    return program


def make_program() -> Program:
    tools: dict[str, dict[str, Any]] = {
        name: {
            "name": name,
            "parameters": {"type": "object"},
            "returns": {},
            "effect": "write" if name in WRITES else "read",
            "touches": WRITES.get(name, []),
            "errors": ["no_row", "spoilt"],
            "part": 0,
        }
        for name in TOOLS
    }
    pack = {
        "clock": "2026-03-02T09:00:00Z",
        "worlds": {"only": orjson.dumps(WORLD).decode()},
        "tools": {name: orjson.dumps(tool).decode() for name, tool in tools.items()},
    }
    return load_program(pack, [compile_source(SOURCE, trusted=False)], Surroundings.of(Meter()))


def full_state(world: LiveWorld) -> dict[str, Any]:
    return {name: orjson.loads(table) for name, table in world.tables.items()}


@dataclass
class Opened:
    """A world, and all that was done on it since it was opened fresh."""

    world: LiveWorld
    history: list[tuple[str, str]]


class Worlds(RuleBasedStateMachine):
    """Dialogues, snapshots and restored worlds side by side on one program."""

    opened = Bundle("opened")

    def __init__(self) -> None:
        super().__init__()
        self.program = program_like_new(0)
        self.all: list[Opened] = []

    @rule(target=opened)
    def open_fresh(self) -> Opened:
        self.all.append(Opened(LiveWorld.fresh(self.program.world("only")), []))
        return self.all[-1]

    @rule(at=opened, tool=st.sampled_from(TOOLS), key=st.sampled_from(["x", "y", "z"]))
    def call(self, at: Opened, tool: str, key: str) -> None:
        """The call does what it does on a world that was parsed anew before it, and nothing else moves."""
        others = [other.world.digest for other in self.all if other is not at]
        alone = restored(program_like_new(1), at.world)
        expected, _ = alone[0].call(alone[1], tool, {"key": key}, None)
        outcome, _ = self.program.call(at.world, tool, {"key": key}, None)
        at.history.append((tool, key))
        assert plain(outcome) == plain(expected)
        assert (at.world.digest, at.world.counters) == (alone[1].digest, alone[1].counters)
        assert others == [other.world.digest for other in self.all if other is not at]

    @rule(target=opened, at=opened)
    def restore(self, at: Opened) -> Opened:
        """A snapshot, as JSON: what it leads to is what the world itself leads to (see ``call``)."""
        self.all.append(Opened(restored(self.program, at.world)[1], list(at.history)))
        return self.all[-1]

    @rule(at=consumes(opened))
    def replay(self, at: Opened) -> None:
        """The same calls on a fresh world, on a program that did nothing else, end in the same state."""
        program = program_like_new(1)
        world = LiveWorld.fresh(program.world("only"))
        for tool, key in at.history:
            program.call(world, tool, {"key": key}, None)
        assert (world.digest, world.counters) == (at.world.digest, at.world.counters)

    @invariant()
    def digests_are_of_the_states(self) -> None:
        for each in self.all:
            assert each.world.digest == state_digest(full_state(each.world))

    @invariant()
    def the_pack_s_world_and_its_shared_tables_are_as_they_were(self) -> None:
        origin = self.program.world("only")
        assert origin.tables == encode_tables(WORLD)
        for name, table in origin.parsed.items():
            assert orjson.dumps(table) == canonical(WORLD[name])

    @invariant()
    def parsed_tables_say_what_the_written_ones_say_in_the_same_order(self) -> None:
        for each in self.all:
            for name, table in each.world.state.items():
                if name in each.world.shared:
                    assert each.world.tables[name] is each.world.origin.tables[name]
                else:
                    assert orjson.dumps(table) == each.world.tables[name]


def restored(program: Program, world: LiveWorld) -> tuple[Program, LiveWorld]:
    origin = program.world("only")
    gone = [name for name in origin.tables if name not in world.tables]
    return program, LiveWorld.resumed(origin, full_state(world), gone, world.counters, world.calls_made)


def plain(outcome: Answer) -> bytes | Fault:
    return outcome if isinstance(outcome, Fault) else canonical(orjson.loads(outcome))


TestWorlds = Worlds.TestCase
TestWorlds.settings = settings(max_examples=60, stateful_step_count=25)


def test_tables_that_no_call_reaches_are_never_parsed() -> None:
    program = make_program()
    world = LiveWorld.fresh(program.world("only"))
    for tool in ("read", "write", "bump", "share"):
        program.call(world, tool, {"key": "x"}, None)
    assert set(world.state) <= {"rows", "notes"}
    assert set(program.world("only").parsed) <= {"rows", "notes"}


def test_a_contract_is_compiled_when_its_tool_is_first_called() -> None:
    program = make_program()
    world = LiveWorld.fresh(program.world("only"))
    assert not program.tools
    for tool in ("read", "nonesuch", "read", "bump"):
        program.call(world, tool, {"key": "x"}, None)
    assert list(program.tools) == ["read", "bump"]


def test_dialogues_share_the_tables_that_they_only_read() -> None:
    program = make_program()
    one, other = (LiveWorld.fresh(program.world("only")) for _ in range(2))
    for world in (one, other):
        program.call(world, "read", {"key": "x"}, None)
    assert one.state["rows"] is other.state["rows"]
    program.call(one, "bump", {"key": "x"}, None)
    program.call(other, "read", {"key": "x"}, None)
    assert one.state["rows"] is not other.state["rows"]
    assert other.state["rows"] is program.world("only").parsed["rows"]
    assert other.state["rows"]["x"] == {"n": 0}


def test_a_table_that_was_lent_to_a_call_which_left_it_alone_is_shared_again() -> None:
    program = make_program()
    world = LiveWorld.fresh(program.world("only"))
    program.call(world, "read", {"key": "x"}, None)
    rows = world.state["rows"]
    program.call(world, "bump", {"key": "no such row"}, None)
    assert program.world("only").parsed["rows"] is rows
    program.call(world, "bump", {"key": "x"}, None)
    assert world.state["rows"] is rows
    assert "rows" not in program.world("only").parsed


REACHED = {
    "itself": ("def f(s, ctx):\n    return s['a']['b']\n", {"a"}),
    "through another": ("def g(c, t):\n    return t['b']\n\ndef f(s, ctx):\n    return g(ctx, s)\n", {"b"}),
    "by keyword": ("def g(c, t):\n    t['b'] = c\n\ndef f(s, ctx):\n    g(t=s, c=s['a'])\n", {"a", "b"}),
    "in a loop": ("def f(s, ctx):\n    return [s['a'] for x in s['b']]\n", {"a", "b"}),
    "nothing": ("def f(s, ctx):\n    return 1\n", set()),
    "no parameter": ("def f():\n    return 1\n", set()),
    "deleted": ("def f(s, ctx):\n    del s['a']\n", {"a"}),
    "a name for the table": ("def f(s, ctx, n):\n    return s[n]\n", None),
    "iterated": ("def f(s, ctx):\n    return [n for n in s]\n", None),
    "renamed": ("def f(s, ctx):\n    t = s\n    return t['a']\n", None),
    "rebound": ("def f(s, ctx):\n    s = s['a']\n    return s['b']\n", None),
    "a method": ("def f(s, ctx):\n    return s.get('a')\n", None),
    "returned": ("def g(s):\n    return s\n\ndef f(s, ctx):\n    return g(s)['a']\n", None),
    "to a built-in": ("def f(s, ctx):\n    return len(s)\n", None),
    "shadowed in a lambda": ("def f(s, ctx):\n    return sorted(s['a'], key=lambda s: s['b'])\n", None),
    "shadowed in a loop": ("def f(s, ctx):\n    return [s['b'] for s in s['a']]\n", None),
    "walrus": ("def f(s, ctx):\n    return (s := {})['a']\n", None),
    "caught": ("def f(s, ctx):\n    try:\n        s['a']\n    except KeyError as s:\n        pass\n", None),
    "function as a local": ("def g(s):\n    return 1\n\ndef f(s, ctx, g):\n    return g(s)\n", None),
    "too many arguments": ("def g():\n    return 1\n\ndef f(s, ctx):\n    return g(s)\n", None),
    "starred": ("def g(a, b):\n    return b['a']\n\ndef f(s, ctx):\n    return g(*ctx, s)\n", None),
    "itself again": ("def f(s, ctx):\n    return f(s, ctx)\n", None),
    "defined twice": (
        "def g(s):\n    return s['a']\n\ndef g(s):\n    return s\n\ndef f(s):\n    return g(s)\n",
        None,
    ),
}


@pytest.mark.parametrize(("source", "tables"), REACHED.values(), ids=REACHED.keys())
def test_the_tables_that_a_function_reaches_are_read_off_its_source(
    source: str, tables: set[str] | None
) -> None:
    assert reached_tables(ast.parse(source)).get("f") == tables
