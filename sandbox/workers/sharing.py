"""What a template does so that its workers share its memory: a page that a fork writes to is its own."""

from __future__ import annotations

import ctypes
import gc
import sys

import orjson

from sandbox.language.surroundings import Surroundings
from sandbox.state.live_world import LiveWorld
from sandbox.workers.compiled import compile_source
from sandbox.workers.program import load_program

__all__ = ["share_memory"]

SOURCE = """
def look(state, ctx, key):
    row = state["rows"].get(key)
    if row is None:
        ctx.fail("unknown", f"no {key}")
    return {"key": key, "count": row["count"], "keys": sorted(state["rows"])}


def count(state, ctx, key):
    row = state["rows"][key]
    row["count"] += 1
    return {"key": key, "count": row["count"], "keys": []}
"""
ARGUMENTS = {
    "type": "object",
    "properties": {"key": {"type": "string", "pattern": "^[a-z]+$"}},
    "additionalProperties": False,
}
RESULT = {
    "type": "object",
    "properties": {
        "key": {"type": "string"},
        "count": {"type": "integer"},
        "keys": {"type": "array", "items": {"type": "string"}},
    },
}
WORLD = {"rows": {"a": {"count": 1}}}
CALLS = (("look", "a"), ("look", "b"), ("look", "B"), ("count", "a"), ("count", "b"), ("none", "a"))
REPEATS = 20  # by then Python has written its specialized instructions
NAMES = 4_000
LARGEST_HOLE, SMALLEST_HOLE, MOST_FILLED = 1 << 16, 24, 8 << 20


def share_memory(surroundings: Surroundings) -> None:
    """Bring this process into a state in which its forks write to little of it.

    A worker with a pack then has 1.7 MB less of its own, of 3.0 MB that stay.
    """
    _rehearse(surroundings)
    # Python keeps all names in one table: if it has grown just now, no worker grows a copy of it (0.35 MB).
    for number in range(NAMES):
        sys.intern(f"name {number}")
    gc.collect()
    if sys.platform == "linux":
        _fill_holes(ctypes.CDLL(None))
    gc.freeze()


def _rehearse(surroundings: Surroundings) -> None:
    """Run a pack of our own: code that has run writes no more to itself, nor to its types (0.5 MB)."""
    for trusted in (False, True):
        tools = {
            name: {
                "name": name,
                "parameters": ARGUMENTS,
                "returns": RESULT,
                "effect": effect,
                "touches": touches,
                "errors": ["unknown"],
                "part": 0,
            }
            for name, effect, touches in (("look", "read", []), ("count", "write", ["rows"]))
        }
        written = {name: orjson.dumps(tool).decode() for name, tool in tools.items()}
        pack = {"clock": "2026-03-02T09:00:00Z", "worlds": {"one": orjson.dumps(WORLD)}, "tools": written}
        compiled = compile_source(SOURCE, trusted=trusted)
        program = load_program(pack, [compiled], surroundings, trusted=trusted)
        for _ in range(REPEATS):
            world = LiveWorld.fresh(program.world("one"))
            for name, key in CALLS:
                program.call(world, name, {"key": key}, None)


def _fill_holes(libc: ctypes.CDLL) -> None:
    """Use up the holes between what was allocated: a worker's own would lie in them, on many pages (0.6 MB).

    A size's holes are filled when blocks of it come to lie one beside the other.
    """
    allocate = libc.malloc
    allocate.restype, allocate.argtypes = ctypes.c_size_t, [ctypes.c_size_t]
    size, filled = LARGEST_HOLE, 0
    while size >= SMALLEST_HOLE and filled < MOST_FILLED:
        before = adjacent = 0
        while adjacent < 8 and filled < MOST_FILLED:
            here = allocate(size)
            adjacent = adjacent + 1 if size <= here - before <= size + 32 else 0
            before, filled = here, filled + size
        size = min(size - 16, size * 3 // 4) if size > 2_048 else size - 16
